// Coming back: everything that was missed once and in order, or the range that is gone.

import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Client} from './lib/client.js';
import {Server, sleep} from './lib/server.js';

const span = (from, to) => Array.from({length: to - from + 1}, (_, index) => from + index);
const seqs = (messages) => messages.map(({seq}) => seq);

async function withServer(args, action) {
  const server = await Server.start(['--profile', 'bench', ...args]);
  let failure = null;
  await action(server).catch((error) => {
    failure = error;
  });
  await server.stop();
  if (failure !== null) throw failure;
}

async function fill(client, room, from, to) {
  for (let i = from; i <= to; i += 1) client.send({type: 'message', room, message: `text ${i}`});
  await client.next((m) => m.type === 'message' && m.room === room && m.seq === to);
  client.take('message');
}

test('Who comes back gets exactly what it missed', () => withServer([], async (server) => {
  const writer = await Client.connect(server);
  await writer.join('r');
  await fill(writer, 'r', 1, 30);
  const reader = await Client.connect(server);
  const {joined} = await reader.join('r');
  await reader.cut();
  await fill(writer, 'r', 31, 430);
  const back = await Client.connect(server);
  const resumed = await back.join('r', {since: 30, epoch: joined.epoch});
  assert.equal(resumed.joined.resumed, true);
  assert.equal(resumed.joined.seq, 430);
  assert.equal(resumed.joined.epoch, joined.epoch);
  assert.deepEqual(resumed.gaps, []);
  assert.deepEqual(seqs(resumed.messages), span(31, 430));
  assert.deepEqual(resumed.messages.map(({message}) => message),
    span(31, 430).map((i) => `text ${i}`));
  await Promise.all([writer.close(), back.close()]);
}));

test('Who missed nothing gets nothing, also without an epoch', () => withServer([], async (s) => {
  const client = await Client.connect(s);
  await client.join('r');
  await fill(client, 'r', 1, 5);
  for (const epoch of [(await client.join('other')).joined.epoch, undefined]) {
    assert.equal(typeof epoch, epoch === undefined ? 'undefined' : typeof epoch);
    const back = await Client.connect(s);
    const first = await back.join('r');
    await back.ask({type: 'leaveRoom', room: 'r'}, 'roomLeft');
    const known = epoch === undefined ? {} : {epoch: first.joined.epoch};
    const again = await back.join('r', {since: 5, ...known});
    assert.equal(again.joined.resumed, true);
    assert.deepEqual(again.messages, []);
    assert.deepEqual(again.gaps, []);
    await back.close();
  }
  await client.close();
}));

test('What the history no longer has is named by one gap', () => withServer(
  ['--history-count-max', '10', '--history-on-join', '5'],
  async (server) => {
    const client = await Client.connect(server);
    const {joined} = await client.join('r');
    await fill(client, 'r', 1, 50);
    const back = await Client.connect(server);
    const resumed = await back.join('r', {since: 20, epoch: joined.epoch});
    assert.deepEqual(resumed.gaps, [
      {type: 'gap', room: 'r', from: 21, to: 40, reason: 'expired'}]);
    assert.deepEqual(seqs(resumed.messages), span(41, 50));
    assert.equal(resumed.joined.resumed, true);
    await Promise.all([client.close(), back.close()]);
  },
));

test('History is bounded in bytes, and what it lost for that is a gap', () => withServer(
  ['--history-room-bytes-max', '65536'],
  async (server) => {
    const client = await Client.connect(server);
    const {joined} = await client.join('r');
    for (let i = 1; i <= 40; i += 1) {
      client.send({type: 'message', room: 'r', message: `${i} ${'x'.repeat(8000)}`});
    }
    await client.next((m) => m.type === 'message' && m.seq === 40);
    const back = await Client.connect(server);
    const {gaps, messages} = await back.join('r', {since: 0, epoch: joined.epoch});
    assert.equal(gaps.length, 1);
    assert.equal(gaps[0].from, 1);
    assert.deepEqual(seqs(messages), span(gaps[0].to + 1, 40));
    assert.ok(messages.length >= 4 && messages.length <= 8, `${messages.length} messages`);
    await Promise.all([client.close(), back.close()]);
  },
));

test('A restarted server begins the room anew under another epoch', async (t) => {
  const first = await Server.forTest(t);
  const client = await Client.connect(first);
  const {joined} = await client.join('r');
  await fill(client, 'r', 1, 5);
  await first.stop();
  assert.deepEqual(await client.closed, {code: 1001, reason: 'Server shutting down'}); // S0-18
  const second = await Server.forTest(t, [], first.port);
  const back = await Client.connect(second);
  const again = await back.join('r', {since: 5, epoch: joined.epoch});
  assert.equal(again.joined.resumed, false);
  assert.notEqual(again.joined.epoch, joined.epoch);
  assert.equal(again.joined.seq, 0);
  assert.deepEqual(again.gaps.map(({reason}) => reason), ['reset']);
  assert.deepEqual(again.messages, []);
  assert.equal((await back.say('r', 'anew')).seq, 1);
  await back.close();
  await second.stop();
});

test('An epoch survives JSON: it is a string or a safe integer', () => withServer([], async (s) => {
  const client = await Client.connect(s);
  const {joined} = await client.join('r');
  assert.ok(typeof joined.epoch === 'string' || Number.isSafeInteger(joined.epoch));
  await client.close();
}));

test('Cut off again and again in a busy room, a reader misses and repeats nothing', () =>
  withServer(['--workers', '3'], async (server) => {
    const total = 3_000;
    const writers = await Promise.all([1, 2, 3].map(() => Client.connect(server)));
    for (const writer of writers) await writer.join('busy');
    let done = false;
    const writing = (async () => {
      for (let i = 0; i < total; i += 1) {
        writers[i % 3].send({type: 'message', room: 'busy', message: `text ${i}`});
        if (i % 10 === 9) await sleep(4);
      }
      done = true;
    })();
    const seen = [];
    let epoch;
    let cuts = 0;
    const add = (messages) => {
      for (const {seq} of messages) {
        assert.equal(seq, seen.length + 1, `after ${cuts} cuts`);
        seen.push(seq);
      }
    };
    while (seen.length < total) {
      const reader = await Client.connect(server);
      const back = epoch === undefined ? {since: 0} : {since: seen.length, epoch};
      const {joined, gaps, messages} = await reader.join('busy', back);
      assert.deepEqual(gaps, []);
      epoch = joined.epoch;
      add(messages);
      const cutAt = done ? Infinity : Date.now() + 5 + (cuts % 7) * 10;
      while (seen.length < total && Date.now() < cutAt) {
        await sleep(2);
        add(reader.take('message'));
      }
      add(reader.take('message'));
      // What comes between this look and the cut is asked for again.
      await reader.cut();
      cuts += 1;
    }
    await writing;
    assert.deepEqual(seen, span(1, total));
    assert.ok(cuts >= 10, `${cuts} cuts`);
    await Promise.all(writers.map((writer) => writer.close()));
  }));
