// Starts a parleyd of its own for a test, on a port that the kernel chooses, and stops it by pid.

import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.resolve(fileURLToPath(import.meta.url), '../../../..');
export const parleyd = path.resolve(process.env.PARLEYD ?? `${root}/build/release/parleyd`);
const parleyctl = path.resolve(process.env.PARLEYCTL ?? path.join(path.dirname(parleyd),
  'parleyctl'));
const startMs = 20_000;
const stopMs = 20_000;
const tries = 3; // A given port may still be in use by whom it was taken from.

export const secret = 'a secret of tests, longer than thirty-two bytes';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits for `condition`, which may be async, to give something true; returns it.
export async function until(condition, what, ms = 10_000) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await sleep(20);
  }
}

export function mintToken(user, more = []) {
  const args = ['token', '--user', user, '--secret', secret, ...more];
  return execFileSync(parleyctl, args, {encoding: 'utf8'}).trim();
}

const running = new Set();

// A test that failed half way leaves its server behind; it keeps nobody waiting (see unref below).
process.on('exit', () => {
  for (const server of running) server.process.kill('SIGKILL');
});

export class Server {
  // `args` come behind `--listen 127.0.0.1:PORT`; `port` 0 lets the kernel choose.
  static async start(args = [], port = 0) {
    for (let attempt = 1; ; attempt += 1) {
      const server = new Server(args, port);
      try {
        await server.listening();
        return server;
      } catch (error) {
        await server.kill();
        if (port === 0 || attempt === tries) throw error;
        await sleep(200);
      }
    }
  }

  // The same for one test: when that fails half way, the server does not outlive it, and clients
  // whose server is gone keep nobody waiting.
  static async forTest(t, args = [], port = 0) {
    const server = await Server.start(args, port);
    t.after(() => server.kill());
    return server;
  }

  constructor(args, port) {
    // Away from files and variables that would configure it.
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'parley-e2e-'));
    this.log = '';
    const env = {PATH: process.env.PATH, TMPDIR: os.tmpdir()};
    for (const name of ['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS']) {
      if (process.env[name] !== undefined) env[name] = process.env[name];
    }
    const workers = args.includes('--workers') ? [] : ['--workers', '2'];
    const all = ['--listen', `127.0.0.1:${port}`, ...workers, ...args];
    const stdio = ['ignore', 'inherit', 'pipe'];
    this.process = spawn(parleyd, all, {cwd: this.folder, env, stdio});
    this.process.unref();
    this.process.stderr.unref();
    this.process.stderr.setEncoding('utf8').on('data', (text) => {
      this.log += text;
    });
    this.exited = new Promise((resolve) => {
      this.process.on('exit', (code, signal) => resolve({code, signal}));
      this.process.on('error', (error) => resolve({code: null, signal: null, error}));
    });
    this.gone = false;
    running.add(this);
    this.exited.then(() => {
      this.gone = true;
      running.delete(this);
    });
  }

  async listening() {
    const find = () => /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(this.log);
    const found = await until(() => find() ?? this.gone, 'parleyd to listen', startMs);
    if (found === true) throw new Error(`parleyd ended: ${this.log}`);
    this.port = Number(found[1]);
    this.url = `http://127.0.0.1:${this.port}`;
    this.ws = `ws://127.0.0.1:${this.port}/ws`;
  }

  get pid() {
    return this.process.pid;
  }

  // Stops it as an operator does; a test fails when that takes force.
  async stop(signal = 'SIGTERM') {
    if (!this.gone) this.process.kill(signal);
    this.process.ref();
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve('late'), stopMs);
    });
    const exit = await Promise.race([this.exited, late]);
    clearTimeout(timer);
    await this.kill();
    if (exit === 'late') throw new Error(`parleyd did not stop on ${signal}\n${this.log}`);
    if (exit.code !== 0) {
      throw new Error(`parleyd ended with ${exit.code ?? exit.signal}\n${this.log}`);
    }
  }

  async kill() {
    if (!this.gone) this.process.kill('SIGKILL');
    this.process.ref();
    await this.exited;
    rmSync(this.folder, {recursive: true, force: true});
  }

  rssBytes() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]) * 1024;
  }

  descriptorCount() {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  async metrics() {
    const answer = await fetch(`${this.url}/metrics`, {headers: {connection: 'close'}});
    return new Metrics(await answer.text());
  }
}

// What /metrics said at one moment.
export class Metrics {
  constructor(text) {
    this.text = text;
    this.samples = [];
    for (const line of text.split('\n')) {
      const match = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/i.exec(line);
      if (match === null) continue;
      const labels = [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
      this.samples.push({
        name: match[1],
        labels: Object.fromEntries(labels.map(([, name, value]) => [name, value])),
        value: Number(match[3]),
      });
    }
  }

  // All samples of a metric, those with the given labels.
  of(name, labels = {}) {
    const found = this.samples.filter((sample) => sample.name === name
      && Object.entries(labels).every(([key, value]) => sample.labels[key] === value));
    if (found.length === 0) throw new Error(`no metric ${name} ${JSON.stringify(labels)}`);
    return found;
  }

  sum(name, labels) {
    return this.of(name, labels).reduce((total, {value}) => total + value, 0);
  }
}
