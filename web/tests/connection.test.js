import assert from 'node:assert/strict';
import test from 'node:test';

import {Connection, answerMs, backoffCapMs, backoffMs, silenceMs} from '../connection.js';
import {FakeClock, FakeSocket} from './fakes.js';

function set_up(random = () => 0.5) {
  const clock = new FakeClock();
  const sockets = [];
  const states = [];
  const messages = [];
  const connection = new Connection({
    url: () => `ws://test/ws?n=${sockets.length}`,
    makeSocket: (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket;
    },
    clock,
    random,
    onState: (state) => states.push(state),
    onOpen: () => {},
    onMessage: (message) => messages.push(message),
  });
  connection.start();
  return {clock, connection, sockets, states, messages};
}

test('back-off is full jitter under a doubling cap', () => {
  assert.equal(backoffMs(0, () => 0.999), 499);
  assert.equal(backoffMs(3, () => 0.5), 2000);
  assert.equal(backoffMs(50, () => 0.999_999), backoffCapMs - 1);
  assert.equal(backoffMs(50, () => 0), 0);
});

test('reconnects after growing delays while the server is away', () => {
  const {clock, sockets, states} = set_up();
  const delays = [];
  for (let attempt = 0; attempt < 9; attempt += 1) {
    sockets[attempt].cut();
    const state = states[states.length - 1];
    assert.equal(state.refusals, attempt + 1);
    delays.push(state.retryAt - clock.now());
    clock.advance(delays[attempt]);
  }
  assert.deepEqual(delays, [250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  assert.equal(sockets.length, 10);
});

test('a connection that broke soon does not reset the back-off, one that held does', () => {
  const {clock, sockets, states} = set_up();
  const delay = () => states[states.length - 1].retryAt - clock.now();
  sockets[0].cut();
  clock.advance(250);
  sockets[1].open();
  sockets[1].cut();
  assert.equal(delay(), 500);
  clock.advance(500);
  sockets[2].open();
  clock.advance(10_000);
  sockets[2].cut();
  assert.equal(delay(), 250);
});

test('gives a server that shuts down some seconds', () => {
  const {clock, sockets, states} = set_up();
  sockets[0].open();
  sockets[0].cut(1001);
  assert.equal(states[states.length - 1].retryAt - clock.now(), 2000);
});

test('asks after silence, and reconnects when nothing answers', () => {
  const {clock, sockets, states} = set_up();
  sockets[0].open();
  clock.advance(silenceMs);
  assert.deepEqual(sockets[0].take(), [{type: 'ping'}]);
  sockets[0].tell({type: 'pong', serverTime: 1});
  clock.advance(silenceMs);
  assert.deepEqual(sockets[0].take(), [{type: 'ping'}]);
  clock.advance(answerMs);
  assert.equal(sockets[0].closedWith, 4000);
  assert.equal(states[states.length - 1].name, 'waiting');
  clock.advance(1000);
  assert.equal(sockets.length, 2);
});

test('a handshake that never ends is given up', () => {
  const {clock, sockets} = set_up();
  clock.advance(answerMs + 500);
  assert.equal(sockets[0].closedWith, 4000);
  assert.equal(sockets.length, 2);
});

test('what a given-up socket still says is not heard', () => {
  const {connection, sockets, messages} = set_up();
  sockets[0].open();
  connection.restart();
  sockets[0].tell({type: 'late'});
  sockets[0].cut();
  sockets[1].open();
  sockets[1].tell({type: 'now'});
  assert.deepEqual(messages, [{type: 'now'}]);
  assert.equal(sockets.length, 2);
});

test('retries at once when asked, and once only', () => {
  const {clock, connection, sockets} = set_up();
  sockets[0].cut();
  connection.retryNow();
  connection.retryNow();
  clock.advance(60);
  assert.equal(sockets.length, 2);
});

test('stays away after stop', () => {
  const {clock, connection, sockets} = set_up();
  sockets[0].open();
  connection.stop();
  clock.advance(100_000);
  assert.equal(sockets.length, 1);
  assert.equal(connection.send({}), false);
});

test('text that is not JSON is ignored', () => {
  const {sockets, messages} = set_up();
  sockets[0].open();
  sockets[0].onmessage({data: 'not json'});
  sockets[0].onmessage({data: 'null'});
  assert.deepEqual(messages, []);
});
