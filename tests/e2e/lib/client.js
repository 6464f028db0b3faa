// A classic client on the npm package `ws`: what arrived is kept in order until it is asked for.

import assert from 'node:assert/strict';

import WebSocket from 'ws';

const waitMs = 15_000;

export class Client {
  // Resolves when `welcome` is here. `query` is what stands behind '?', if anything.
  static async connect(server, {query = '', ...options} = {}) {
    const client = new Client(`${server.ws}${query === '' ? '' : `?${query}`}`, options);
    client.welcome = await client.next('welcome');
    client.user = client.welcome.user;
    return client;
  }

  // Resolves with the HTTP status that refused the upgrade.
  static refusal(server, query = '') {
    const socket = new WebSocket(`${server.ws}${query === '' ? '' : `?${query}`}`);
    return new Promise((resolve, reject) => {
      socket.on('unexpected-response', (request, response) => {
        response.resume();
        resolve(response.statusCode);
        request.destroy();
      });
      socket.on('open', () => {
        socket.terminate();
        reject(new Error('the upgrade was not refused'));
      });
      socket.on('error', () => {});
    });
  }

  constructor(url, options = {}) {
    this.socket = new WebSocket(url, options);
    this.inbox = [];
    this.wake = null;
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.ended = true;
        this.wake?.();
        resolve({code, reason: reason.toString()});
      });
    });
    this.socket.on('error', (error) => {
      this.error = error;
    });
    this.socket.on('message', (data, isBinary) => {
      assert.equal(isBinary, false);
      this.inbox.push(JSON.parse(data));
      this.wake?.();
    });
  }

  send(object) {
    this.socket.send(typeof object === 'string' ? object : JSON.stringify(object));
  }

  // The first message that fits `which` (a type or a function), taken out; waits for it.
  async next(which) {
    const fits = typeof which === 'function' ? which : ({type}) => type === which;
    const end = Date.now() + waitMs;
    for (;;) {
      const index = this.inbox.findIndex(fits);
      if (index !== -1) return this.inbox.splice(index, 1)[0];
      const left = end - Date.now();
      if (left <= 0 || this.ended) {
        const state = this.ended ? 'the connection ended' : `${waitMs} ms passed`;
        throw new Error(`no ${which}: ${state}; inbox ${JSON.stringify(this.inbox).slice(0, 2000)}`
          + ` ${this.error ?? ''}`);
      }
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = null;
    }
  }

  // Takes all of one type that are here.
  take(type) {
    const taken = this.inbox.filter((message) => message.type === type);
    this.inbox = this.inbox.filter((message) => message.type !== type);
    return taken;
  }

  // Resolves with {joined, gaps, messages}: all until the last `history` of the join.
  async join(room, back = {}) {
    this.send({type: 'joinRoom', room, ...back});
    const isError = (message) => message.type === 'error' && message.room === room;
    const joined = await this.next((m) => (m.type === 'roomJoined' && m.room === room)
      || isError(m));
    assert.equal(joined.type, 'roomJoined', JSON.stringify(joined));
    const messages = [];
    for (let more = true; more;) {
      const history = await this.next((m) => m.type === 'history' && m.room === room);
      messages.push(...history.messages);
      more = history.more;
    }
    return {joined, gaps: this.take('gap'), messages};
  }

  // Says something and waits for its echo.
  async say(room, text, id = undefined) {
    this.send({type: 'message', room, message: text, id});
    return this.next((m) => m.type === 'message' && m.room === room && m.message === text);
  }

  async ask(object, type) {
    this.send(object);
    return this.next(type);
  }

  // Everything that was sent before this was handled by the connection's worker.
  async settled() {
    await this.ask({type: 'ping'}, 'pong');
  }

  // Cuts the connection without a closing handshake.
  async cut() {
    this.socket.terminate();
    return this.closed;
  }

  async close(code = 1000) {
    this.socket.close(code);
    return this.closed;
  }
}
