// A client that stops reading while its room is flooded: memory stays bounded, the others lose
// nothing, and the policy that the operator chose is seen to work.

import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Client} from './lib/client.js';
import {Server, sleep, until} from './lib/server.js';

const slowCount = 5;
const outboxBytes = 256 * 1024;
const text = 'x'.repeat(4000);
const total = 8_000; // 32 MB for each reader: far beyond what sockets can hold.
const window = 16; // Well within the outbox, so that who reads is never slow.

async function flood(writer, witness) {
  const seen = [];
  for (let sent = 0; seen.length < total;) {
    while (sent < total && sent - seen.length < window) {
      writer.send({type: 'message', room: 'flood', message: `${sent} ${text}`});
      sent += 1;
    }
    await sleep(1);
    writer.take('message');
    for (const {seq} of witness.take('message')) seen.push(seq);
    if (witness.ended) throw new Error('the witness was closed');
  }
  assert.deepEqual(seen, Array.from({length: total}, (_, index) => index + 1));
}

async function setUp(t, policy) {
  const server = await Server.forTest(t, ['--profile', 'bench', '--slow-reader', policy,
    '--outbox-bytes-max', String(outboxBytes), '--ping-interval-ms', '0']);
  const [writer, witness] = await Promise.all([Client.connect(server), Client.connect(server)]);
  await writer.join('flood');
  await witness.join('flood');
  const slow = await Promise.all(Array.from({length: slowCount}, () => Client.connect(server)));
  for (const client of slow) {
    await client.join('flood');
    client.socket.pause();
  }
  return {server, writer, witness, slow};
}

// Floods and returns by how much the server grew, beyond what the history itself holds.
async function growth(server, writer, witness) {
  const before = server.rssBytes();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, server.rssBytes());
  }, 50);
  await flood(writer, witness);
  clearInterval(timer);
  return peak - before;
}

const slackBytes = 24 * 1024 * 1024; // History of the room, pools, the allocator's reserve.

test('disconnect: a slow reader is closed with 1013, the others lose nothing', async (t) => {
  const {server, writer, witness, slow} = await setUp(t, 'disconnect');
  const grown = await growth(server, writer, witness);
  assert.ok(grown < slowCount * outboxBytes * 2 + slackBytes, `grew by ${grown} bytes`);
  await until(async () => {
    const metrics = await server.metrics();
    return metrics.sum('parley_slow_reader_disconnects_total') === slowCount;
  }, `${slowCount} disconnects in /metrics`);
  await until(async () => (await server.metrics()).sum('parley_connections') <= 3,
    'the slow ones to be gone');
  for (const client of slow) {
    client.socket.resume();
    const {code} = await client.closed;
    // The close frame comes behind what the socket held, unless it was given up before.
    assert.ok(code === 1013 || code === 1006, `closed with ${code}`);
  }
  await Promise.all([writer.close(), witness.close()]);
  await server.stop();
});

test('drop_oldest: a slow reader is told what it missed once it reads again, and can ask for it',
  async (t) => {
    const {server, writer, witness, slow} = await setUp(t, 'drop_oldest');
    const grown = await growth(server, writer, witness);
    assert.ok(grown < slowCount * outboxBytes * 2 + slackBytes, `grew by ${grown} bytes`);
    await until(async () => {
      const metrics = await server.metrics();
      return metrics.sum('parley_slow_reader_dropped_total') > slowCount;
    }, 'drops in /metrics');
    for (const client of slow) {
      client.socket.resume();
      await client.next((message) => message.type === 'message' && message.seq === total);
    }
    await until(async () => {
      const metrics = await server.metrics();
      assert.equal(metrics.sum('parley_slow_reader_disconnects_total'), 0);
      return metrics.sum('parley_gap_notices_total') >= slowCount;
    }, 'gap notices in /metrics');
    // One more is heard by everybody: nobody was cut off.
    const last = await writer.say('flood', 'the end');
    assert.equal(last.seq, total + 1);
    for (const client of slow) {
      await client.next((message) => message.type === 'message' && message.seq === total + 1);
    }
    await Promise.all([writer, witness, ...slow].map((client) => client.close()));
    await server.stop();
  });

test('drop_oldest: messages and gaps together are the whole sequence', async (t) => {
  const {server, writer, witness, slow} = await setUp(t, 'drop_oldest');
  const heard = slow.map(() => []);
  slow.forEach((client, index) => {
    client.socket.on('message', (data) => heard[index].push(JSON.parse(data)));
  });
  await flood(writer, witness);
  for (const client of slow) {
    client.socket.resume();
    await client.next((message) => message.type === 'message' && message.seq === total);
  }
  for (const [index, messages] of heard.entries()) {
    let next = 1;
    let missed = 0;
    for (const message of messages) {
      if (message.type === 'message') {
        assert.equal(message.seq, next);
        next += 1;
      } else if (message.type === 'gap') {
        assert.equal(message.reason, 'slow_reader');
        assert.equal(message.from, next);
        missed += message.to - message.from + 1;
        next = message.to + 1;
      }
    }
    assert.equal(next, total + 1);
    assert.ok(missed > 0, `reader ${index} missed nothing`);
  }
  // The newest of what was missed is still in the history.
  const gap = heard[0].filter(({type}) => type === 'gap').at(-1);
  const since = gap.to - 1;
  const repaired = await slow[0].ask({type: 'history', room: 'flood', since, limit: 1}, 'history');
  if (repaired.messages.length > 0) assert.ok(repaired.messages[0].seq >= gap.to);
  await Promise.all([writer, witness, ...slow].map((client) => client.close()));
  await server.stop();
});
