// Load, then silence: memory comes back to where it was after warm-up, and no descriptor stays.

import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Client} from './lib/client.js';
import {Server, sleep, until} from './lib/server.js';

const loadMs = Number(process.env.E2E_LOAD_SECONDS ?? 20) * 1000;
const clientCount = 60;
const roomCount = 6;
const slackBytes = 4 * 1024 * 1024;

async function connectAll(server) {
  const clients = await Promise.all(
    Array.from({length: clientCount}, () => Client.connect(server)));
  await Promise.all(clients.map((client, index) => client.join(`room-${index % roomCount}`)));
  return clients;
}

// Everybody talks, and some come and go, until `end`.
async function load(server, clients, end) {
  for (let round = 0; Date.now() < end; round += 1) {
    for (const [index, client] of clients.entries()) {
      const message = 'x'.repeat(10 + ((round * 37 + index * 91) % 3000));
      client.send({type: 'message', room: `room-${index % roomCount}`, message});
      client.take('message');
    }
    if (round % 10 === 0) {
      const index = (round / 10) % clients.length;
      await clients[index].cut();
      clients[index] = await Client.connect(server);
      await clients[index].join(`room-${index % roomCount}`);
    }
    await sleep(10);
  }
}

async function closeAll(server, clients) {
  await Promise.all(clients.map((client) => client.close()));
  await until(async () => (await server.metrics()).sum('parley_connections') <= 1,
    'all connections to be gone');
}

test('After load, memory and descriptors come back to where they were after warm-up', async (t) => {
  const server = await Server.forTest(t, ['--profile', 'bench', '--history-count-max', '100']);
  const descriptors = server.descriptorCount();
  const warm = await connectAll(server);
  await load(server, warm, Date.now() + loadMs / 4);
  await closeAll(server, warm);
  const before = server.rssBytes();

  const clients = await connectAll(server);
  await load(server, clients, Date.now() + loadMs);
  await closeAll(server, clients);
  // Idle: what was lent must come back by itself.
  await until(() => server.rssBytes() <= before * 1.1 + slackBytes,
    `RSS to return to ${before}; it is ${server.rssBytes()}`, 10_000);
  await until(() => server.descriptorCount() <= descriptors, 'descriptors to return');
  await server.stop();
});
