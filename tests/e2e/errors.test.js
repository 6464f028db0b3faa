// Every refusal of docs/protocol-classic.md, and that a refusal changes nothing else.

import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {Client} from './lib/client.js';
import {Server} from './lib/server.js';

let server;
before(async () => {
  server = await Server.start(['--rate-user', 'off', '--rooms-per-connection-max', '3',
    '--members-per-room-max', '2', '--message-bytes-max', '4096']);
});
after(() => server?.stop());

const connect = () => Client.connect(server);

const rows = [
  ['bad_json', 'not json'],
  ['bad_json', '{"type":"ping"'],
  ['bad_json', ''],
  ['bad_message', '[1,2]'],
  ['bad_message', '"ping"'],
  ['bad_message', {}],
  ['bad_message', {type: 7}],
  ['bad_message', {type: 'ping', id: 7}],
  ['bad_message', {type: 'ping', id: 'x'.repeat(65)}],
  ['unknown_type', {type: 'rain', amount: 5}],
  ['bad_room', {type: 'joinRoom', room: ''}],
  ['bad_room', {type: 'joinRoom', room: 'x'.repeat(65)}],
  ['bad_room', {type: 'joinRoom', room: 'é'.repeat(33)}],
  ['bad_room', {type: 'joinRoom', room: 'a\u0007b'}],
  ['bad_room', {type: 'joinRoom'}],
  ['bad_room', {type: 'joinRoom', room: 5}],
  ['already_in_room', {type: 'joinRoom', room: 'home'}],
  ['not_in_room', {type: 'message', room: 'elsewhere', message: 'hi'}],
  ['not_in_room', {type: 'leaveRoom', room: 'elsewhere'}],
  ['not_in_room', {type: 'typing', room: 'elsewhere'}],
  ['not_in_room', {type: 'history', room: 'elsewhere'}],
  ['not_in_room', {type: 'online', room: 'elsewhere'}],
  ['empty_message', {type: 'message', room: 'home', message: ''}],
  ['empty_message', {type: 'message', room: 'home'}],
  ['empty_message', {type: 'message', room: 'home', message: 5}],
  ['bad_message', {type: 'joinRoom', room: 'another', since: -1}],
  ['bad_message', {type: 'joinRoom', room: 'another', since: 'x'}],
  ['auth_after_join', {type: 'auth', user: {username: 'late'}}],
];

for (const [code, request] of rows) {
  const text = typeof request === 'string' ? request : JSON.stringify(request);
  test(`${code} answers ${text.slice(0, 60) || 'an empty message'}`, async () => {
    const client = await connect();
    await client.join('home');
    const error = await client.ask(request, 'error');
    assert.equal(error.code, code, JSON.stringify(error));
    assert.match(error.message, /./);
    if (request.room === 'elsewhere') assert.equal(error.room, 'elsewhere');
    // Nothing else changed: one goes on as before.
    assert.equal((await client.say('home', 'still here')).message, 'still here');
    assert.deepEqual(client.take('error'), []);
    await client.close();
  });
}

test('An error names the id of the message it refuses', async () => {
  const client = await connect();
  const request = {type: 'message', room: 'nowhere', message: 'hi', id: 'm-1'};
  const error = await client.ask(request, 'error');
  assert.equal(error.id, 'm-1');
  assert.equal(error.room, 'nowhere');
  await client.close();
});

test('A name of 1 to 64 bytes and any script is a room', async () => {
  const client = await connect();
  await client.join('x'.repeat(64));
  await client.join('комната 🐢 #1');
  await client.close();
});

test('too_many_rooms answers one room more than allowed', async () => {
  const client = await connect();
  for (const room of ['a', 'b', 'c']) await client.join(room);
  const error = await client.ask({type: 'joinRoom', room: 'd'}, 'error');
  assert.equal(error.code, 'too_many_rooms');
  await client.ask({type: 'leaveRoom', room: 'a'}, 'roomLeft');
  await client.join('d');
  await client.close();
});

test('room_full answers one member more than allowed, and a place that becomes free is free',
  async () => {
    const clients = await Promise.all(Array.from({length: 3}, connect));
    await clients[0].join('small');
    await clients[1].join('small');
    const error = await clients[2].ask({type: 'joinRoom', room: 'small', id: 'j'}, 'error');
    assert.equal(error.code, 'room_full');
    assert.deepEqual([error.room, error.id], ['small', 'j']);
    await clients[0].cut();
    await clients[1].next('userLeave');
    await clients[2].join('small');
    await Promise.all(clients.map((client) => client.close()));
  });

test('bad_name answers names that are none', async () => {
  const client = await connect();
  for (const username of ['', 'x'.repeat(33), 'a\nb', '\u3164', '\u2003x', 5]) {
    const error = await client.ask({type: 'auth', user: {username}}, 'error');
    assert.equal(error.code, 'bad_name', JSON.stringify(username));
  }
  const {user} = await client.ask({type: 'auth', user: {username: 'é'.repeat(32)}}, 'authSuccess');
  assert.deepEqual(user, {...client.user, username: 'é'.repeat(32)});
  await client.close();
});

test('A binary message closes with 1003', async () => {
  const client = await connect();
  client.socket.send(Buffer.from('{"type":"ping"}'), {binary: true});
  assert.equal((await client.closed).code, 1003);
});

test('A message over the limit closes with 1009, one at the limit does not', async () => {
  const client = await connect();
  const fitting = JSON.stringify({type: 'ping', x: ''});
  client.send(JSON.stringify({type: 'ping', x: 'x'.repeat(4096 - fitting.length)}));
  await client.next('pong');
  client.send(JSON.stringify({type: 'ping', x: 'x'.repeat(4097 - fitting.length)}));
  assert.equal((await client.closed).code, 1009);
});

test('A message over the limit in fragments closes with 1009', async () => {
  const client = await connect();
  for (let i = 0; i < 5; i += 1) client.socket.send('x'.repeat(1000), {fin: false});
  assert.equal((await client.closed).code, 1009);
});

test('Text that is not UTF-8 closes with 1007', async () => {
  const client = await connect();
  client.socket.send(Buffer.from([0x7b, 0xc3, 0x28, 0x7d]), {binary: false});
  assert.equal((await client.closed).code, 1007);
});

test('Depth and width of JSON are limited, not fatal', async () => {
  const client = await connect();
  const deep = `{"type":"ping","x":${'['.repeat(1500)}${']'.repeat(1500)}}`;
  const wide = `{"type":"ping","x":[${Array.from({length: 2000}, () => 1).join(',')}]}`;
  for (const text of [deep, wide]) {
    client.send(text);
    await client.next(({type}) => type === 'error' || type === 'pong');
  }
  await client.settled();
  await client.close();
});
