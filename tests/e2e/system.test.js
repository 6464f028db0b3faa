// The whole machine: four workers, many rooms, a hundred thousand messages, and every member of a
// room must have seen the same sequence without a gap or a repetition.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import {test} from 'node:test';

import WebSocket from 'ws';

import {Server, until} from './lib/server.js';

const workers = 4;
const clientCount = 200;
const roomCount = 20;
const total = Number(process.env.E2E_MESSAGES ?? 100_000);
const window = 16; // Messages of one client that are under way.
const patienceMs = 240_000;

// One member: counts, checks the numbers, and hashes what it saw so that members can be compared.
class Member {
  constructor(url, index) {
    this.room = `room-${index % roomCount}`;
    this.quota = total / clientCount;
    this.index = index;
    this.sent = 0;
    this.echoed = 0;
    this.seen = 0;
    this.fault = null;
    this.hash = crypto.createHash('sha256');
    this.socket = new WebSocket(url, {perMessageDeflate: false});
    this.socket.on('message', (data) => this.onMessage(JSON.parse(data)));
    this.socket.on('error', (error) => this.fail(error.message));
    this.socket.on('close', (code) => this.fail(`closed with ${code}`));
    this.ready = new Promise((resolve) => {
      this.onJoined = resolve;
    });
  }

  fail(what) {
    this.fault ??= `member ${this.index}: ${what}`;
    this.onJoined();
  }

  onMessage(message) {
    if (message.type === 'message') this.onSaid(message);
    else if (message.type === 'welcome') this.send({type: 'joinRoom', room: this.room});
    else if (message.type === 'history') this.onJoined();
    else if (['error', 'gap'].includes(message.type)) this.fail(JSON.stringify(message));
  }

  onSaid({seq, room, message}) {
    this.seen += 1;
    if (seq !== this.seen || room !== this.room) this.fail(`got ${seq} for ${this.seen}`);
    this.hash.update(`${seq} ${message}\n`);
    const [from, number] = message.split(' ').map(Number);
    if (from !== this.index) return;
    if (number !== this.echoed) this.fail(`own ${number} for ${this.echoed}`);
    this.echoed += 1;
    this.pump();
  }

  pump() {
    while (this.sent < this.quota && this.sent - this.echoed < window) {
      const message = `${this.index} ${this.sent}`;
      this.send({type: 'message', room: this.room, message});
      this.sent += 1;
    }
  }

  send(object) {
    this.socket.send(JSON.stringify(object));
  }
}

const crowd = `${clientCount} clients in ${roomCount} rooms on ${workers} workers`;

test(`${crowd} see ${total} messages: one order per room, no gap, no duplicate`, async (t) => {
  const server = await Server.forTest(t, ['--profile', 'bench', '--workers', String(workers)]);
  const members = Array.from({length: clientCount}, (_, index) => new Member(server.ws, index));
  await Promise.all(members.map(({ready}) => ready));
  const faults = () => members.map(({fault}) => fault).filter((fault) => fault !== null);
  assert.deepEqual(faults(), []);

  await until(async () => {
    const sessions = (await server.metrics()).of('parley_sessions');
    const spread = sessions.length === workers && sessions.every(({value}) => value > 0);
    return spread && sessions.reduce((sum, {value}) => sum + value, 0) === clientCount;
  }, 'every worker to have sessions');

  for (const member of members) member.pump();
  const perRoom = total / roomCount;
  await until(() => faults().length > 0 || members.every(({seen}) => seen === perRoom),
    'all messages', patienceMs);
  assert.deepEqual(faults(), []);
  const orders = new Map();
  for (const {room, hash} of members) {
    const digest = hash.digest('hex');
    assert.equal(orders.get(room) ?? digest, digest, `the order of ${room}`);
    orders.set(room, digest);
  }
  assert.equal(orders.size, roomCount);

  await until(async () => {
    const metrics = await server.metrics();
    // Deliveries also count what is not numbered: who came.
    return metrics.sum('parley_publications_total') === total
      && metrics.sum('parley_deliveries_total') >= total * (clientCount / roomCount);
  }, 'the counters to say the same');
  await server.stop();
});
