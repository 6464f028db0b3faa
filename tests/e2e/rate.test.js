// Rate limits: of a user over all its connections (S0-10), and of one connection's commands.

import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Client} from './lib/client.js';
import {Server, mintToken, secret, sleep} from './lib/server.js';

const isEchoOrError = ({type}) => type === 'message' || type === 'error';

async function withServer(args, action) {
  const server = await Server.start(['--jwt-secret', secret, '--workers', '3', ...args]);
  let failure = null;
  await action(server).catch((error) => {
    failure = error;
  });
  await server.stop();
  if (failure !== null) throw failure;
}

// Says something and returns the answer to it, echo or error.
async function attempt(client, text) {
  client.send({type: 'message', room: 'r', message: text, id: text});
  return client.next((message) => isEchoOrError(message) && message.id === text);
}

test('A user has 10 messages in 30 s over all its connections (S0-10)', () => withServer([],
  async (server) => {
    const query = `token=${mintToken('alice')}`;
    const phones = await Promise.all([1, 2].map(() => Client.connect(server, {query})));
    const other = await Client.connect(server, {query: `token=${mintToken('bob')}`});
    for (const client of [...phones, other]) await client.join('r');
    for (let i = 0; i < 10; i += 1) {
      assert.equal((await attempt(phones[i % 2], `m${i}`)).type, 'message');
    }
    for (const phone of phones) {
      const error = await attempt(phone, 'one too many');
      assert.equal(error.code, 'rate_limited');
      assert.equal(error.room, 'r');
      assert.ok(error.retryAfter > 0 && error.retryAfter <= 30_000, `${error.retryAfter}`);
      assert.match(error.message, /./);
    }
    assert.equal((await attempt(other, 'not my limit')).type, 'message');
    const history = await other.ask({type: 'history', room: 'r', limit: 100}, 'history');
    assert.equal(history.messages.length, 11);
    // A new connection does not start anew.
    const third = await Client.connect(server, {query});
    await third.join('r');
    assert.equal((await attempt(third, 'again')).code, 'rate_limited');
    await Promise.all([...phones, other, third].map((client) => client.close()));
  }));

test('What is said right before leaving or closing is heard first, and kept', () => withServer([],
  async (server) => {
    const witness = await Client.connect(server, {query: `token=${mintToken('witness')}`});
    for (let i = 0; i < 12; i += 1) {
      const room = `room-${i}`;
      await witness.join(room);
      const client = await Client.connect(server, {query: `token=${mintToken(`user-${i}`)}`});
      await client.join(room);
      client.send({type: 'message', room, message: 'bye'});
      if (i % 2 === 0) client.send({type: 'leaveRoom', room});
      else client.socket.close();
      const ofRoom = ({type, room: where}) => where === room
        && (type === 'message' || type === 'userLeave');
      assert.equal((await witness.next(ofRoom)).type, 'message', room);
      assert.equal((await witness.next(ofRoom)).type, 'userLeave', room);
      await client.close();
    }
    await witness.close();
  }));

test('A connection joins 100 times at once, and is told when it may again', () => withServer(
  ['--rate-connection', 'off'],
  async (server) => {
    const client = await Client.connect(server);
    let joins = 0;
    for (let error = null; error === null && joins < 300; joins += 1) {
      client.send({type: 'joinRoom', room: 'door'});
      const answer = await client.next(({type}) => type === 'history' || type === 'error');
      if (answer.type === 'error') error = answer;
      else await client.ask({type: 'leaveRoom', room: 'door'}, 'roomLeft');
      if (error === null) continue;
      assert.equal(error.code, 'rate_limited');
      assert.equal(error.room, 'door');
      assert.ok(error.retryAfter > 0 && error.retryAfter <= 600, `${error.retryAfter}`);
    }
    assert.ok(joins > 100 && joins < 300, `${joins}`);
    await client.close();
  },
));

test('After retryAfter the message goes through', () => withServer(['--rate-user', '3/2s'],
  async (server) => {
    const client = await Client.connect(server);
    await client.join('r');
    for (let i = 0; i < 3; i += 1) {
      assert.equal((await attempt(client, `m${i}`)).type, 'message');
    }
    const {code, retryAfter} = await attempt(client, 'early');
    assert.equal(code, 'rate_limited');
    assert.ok(retryAfter > 0 && retryAfter <= 2_000);
    await sleep(retryAfter + 5);
    assert.equal((await attempt(client, 'late enough')).type, 'message');
    await client.close();
  }));

test('Reading is not limited by the rate of messages', () => withServer(['--rate-user', '1/30s'],
  async (server) => {
    const client = await Client.connect(server);
    await client.join('r');
    await attempt(client, 'the one');
    for (let i = 0; i < 20; i += 1) {
      const history = await client.ask({type: 'history', room: 'r'}, 'history');
      assert.equal(history.messages.length, 1);
    }
    assert.deepEqual(client.take('error'), []);
    await client.close();
  }));

test('A connection has a budget of commands, and an error says so', () => withServer(
  ['--rate-connection', '20/10s'],
  async (server) => {
    const client = await Client.connect(server);
    for (let i = 0; i < 60; i += 1) client.send({type: 'ping'});
    const error = await client.next('error');
    assert.equal(error.code, 'rate_limited');
    assert.ok(error.retryAfter > 0 && error.retryAfter <= 10_000, `${error.retryAfter}`);
    const other = await Client.connect(server);
    await other.settled();
    const pongs = client.take('pong').length;
    assert.ok(pongs >= 20 && pongs < 30, `${pongs} pongs`);
    await Promise.all([client.close(), other.close()]);
  },
));

test('Limits that are off do not limit', () => withServer(['--profile', 'bench'],
  async (server) => {
    const client = await Client.connect(server);
    await client.join('r');
    for (let i = 1; i <= 500; i += 1) client.send({type: 'message', room: 'r', message: `${i}`});
    await client.next((message) => message.seq === 500 && message.type === 'message');
    assert.deepEqual(client.take('error'), []);
    await client.close();
  }));
