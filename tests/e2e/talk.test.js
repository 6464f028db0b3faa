// What people in a room see of each other, with the npm client `ws`.

import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {Client} from './lib/client.js';
import {Server, secret, mintToken, until} from './lib/server.js';

let server;
before(async () => {
  const args = ['--workers', '3', '--jwt-secret', secret, '--profile', 'bench'];
  server = await Server.start([...args, '--presence-members-max', '5']);
});
after(() => server?.stop());

const connect = (options) => Client.connect(server, options);
const seqs = (messages) => messages.map(({seq}) => seq);

test('Welcome says who one is, which rooms there are and what the limits are', async () => {
  const client = await connect();
  const {user, rooms, serverTime, limits} = client.welcome;
  assert.match(user.id, /^guest:/);
  assert.equal(user.guest, true);
  assert.match(user.username, /./);
  assert.deepEqual(rooms, ['general', 'help']); // S0-34
  assert.ok(Math.abs(serverTime - Date.now()) < 60_000);
  assert.deepEqual(limits, {messageBytesMax: 65_536, roomsMax: 64});
  await client.close();
});

test('All members see all messages in one order, the sender included (S0-08)', async () => {
  const clients = await Promise.all(Array.from({length: 4}, () => connect()));
  const {joined} = await clients[0].join('order');
  assert.equal(joined.seq, 0);
  assert.equal(joined.resumed, false);
  for (const client of clients.slice(1)) await client.join('order');
  for (let i = 0; i < 50; i += 1) {
    for (const [index, client] of clients.entries()) {
      client.send({type: 'message', room: 'order', message: `${index} ${i}`, id: `${index}-${i}`});
    }
  }
  const seen = [];
  for (const client of clients) {
    const messages = [];
    while (messages.length < 200) messages.push(await client.next('message'));
    seen.push(messages);
  }
  assert.deepEqual(seqs(seen[0]), Array.from({length: 200}, (_, index) => index + 1));
  for (const messages of seen) assert.deepEqual(messages, seen[0]);
  for (const index of clients.keys()) {
    const own = seen[0].filter(({id}) => id.startsWith(`${index}-`)).map(({message}) => message);
    assert.deepEqual(own, Array.from({length: 50}, (_, i) => `${index} ${i}`));
  }
  await Promise.all(clients.map((client) => client.close()));
});

test('The server stamps who said it, whatever the client claims (S0-07)', async () => {
  const [liar, witness] = await Promise.all([
    connect({query: `token=${mintToken('alice')}`}), connect()]);
  assert.deepEqual(liar.user, {id: 'alice', username: 'alice'});
  await liar.join('lies');
  await witness.join('lies');
  liar.send({
    type: 'message', room: 'lies', message: 'hi', user: 'root', userId: 'root', username: 'root',
    guest: true, seq: 99, timestamp: 1,
  });
  const heard = await witness.next('message');
  assert.ok(Math.abs(heard.timestamp - Date.now()) < 60_000);
  const {timestamp, ...rest} = heard;
  assert.deepEqual(rest, {
    type: 'message', seq: 1, room: 'lies', user: 'alice', userId: 'alice', message: 'hi',
  });
  const guest = await witness.say('lies', 'me too', 'm1');
  assert.equal(guest.guest, true);
  assert.equal(guest.id, 'm1');
  assert.equal(guest.userId, witness.user.id);
  await Promise.all([liar.close(), witness.close()]);
});

test('Text comes back as it was sent: escapes, emoji, control characters', async () => {
  const client = await connect();
  await client.join('text');
  const texts = ['"\\/\b\f\n\r\t', '\u0000\u001f\u007f', '🐢 ünï ﷽ \u2028', '<b>&amp;</b>'];
  for (const text of [...texts, 'x'.repeat(60_000)]) {
    assert.equal((await client.say('text', text)).message, text);
  }
  await client.close();
});

test('A newcomer gets the last 20 messages as one history (S0-09, S0-34)', async () => {
  const [a, b] = await Promise.all([connect(), connect()]);
  await a.join('past');
  for (let i = 1; i <= 30; i += 1) await a.say('past', `text ${i}`, `id ${i}`);
  const {joined, messages} = await b.join('past');
  assert.equal(joined.seq, 30);
  assert.deepEqual(seqs(messages), Array.from({length: 20}, (_, index) => index + 11));
  const {type, timestamp, ...last} = messages[19];
  assert.equal(typeof timestamp, 'number');
  assert.deepEqual(last, {
    seq: 30,
    room: 'past',
    user: a.user.username,
    userId: a.user.id,
    guest: true,
    message: 'text 30',
    id: 'id 30',
  });
  await Promise.all([a.close(), b.close()]);
});

test('History answers before, since and limit', async () => {
  const client = await connect();
  await client.join('pages');
  for (let i = 1; i <= 30; i += 1) await client.say('pages', `text ${i}`);
  const history = async (what) => {
    const answer = await client.ask({type: 'history', room: 'pages', ...what}, 'history');
    return seqs(answer.messages);
  };
  const span = (from, to) => Array.from({length: to - from + 1}, (_, index) => from + index);
  assert.deepEqual(await history({}), span(11, 30));
  assert.deepEqual(await history({limit: 3}), span(28, 30));
  assert.deepEqual(await history({before: 11, limit: 100}), span(1, 10));
  assert.deepEqual(await history({before: 11, limit: 4}), span(7, 10));
  assert.deepEqual(await history({before: 1}), []);
  assert.deepEqual(await history({since: 5, limit: 4}), span(6, 9));
  assert.deepEqual(await history({since: 0, limit: 100}), span(1, 30));
  assert.deepEqual(await history({since: 30}), []);
  await client.close();
});

test('One history holds at most 100 messages, whatever is asked for', async () => {
  const client = await connect();
  await client.join('many');
  for (let i = 1; i <= 120; i += 1) {
    client.send({type: 'message', room: 'many', message: `text ${i}`});
    if (i % 40 === 0) await client.next((m) => m.type === 'message' && m.seq === i);
  }
  const answer = await client.ask({type: 'history', room: 'many', since: 0, limit: 1000},
    'history');
  assert.deepEqual(seqs(answer.messages), Array.from({length: 100}, (_, index) => index + 1));
  await client.close();
});

test('Others hear of typing, the typist does not', async () => {
  const [a, b] = await Promise.all([connect(), connect()]);
  await a.join('typing');
  await b.join('typing');
  a.send({type: 'typing', room: 'typing'});
  a.send({type: 'typing', room: 'typing', typing: false});
  const told = {type: 'typing', room: 'typing', user: a.user.username, userId: a.user.id,
    guest: true};
  assert.deepEqual(await b.next('typing'), {...told, typing: true});
  assert.deepEqual(await b.next('typing'), {...told, typing: false});
  await a.say('typing', 'done');
  await a.settled();
  assert.deepEqual(a.take('typing'), []);
  await Promise.all([a.close(), b.close()]);
});

test('Members hear who comes and goes, and can ask who is there', async () => {
  const [a, b] = await Promise.all([connect(), connect()]);
  const {joined} = await a.join('people');
  assert.deepEqual(joined.users, [a.user]);
  assert.equal(joined.userCount, 1);
  const second = (await b.join('people')).joined;
  assert.equal(second.userCount, 2);
  assert.deepEqual(new Set(second.users.map(({id}) => id)), new Set([a.user.id, b.user.id]));
  assert.deepEqual(await a.next('userJoin'),
    {type: 'userJoin', room: 'people', user: b.user, userCount: 2});
  const online = await a.ask({type: 'online', room: 'people'}, 'online');
  assert.equal(online.count, 2);
  assert.deepEqual(new Set(online.users.map(({id}) => id)), new Set([a.user.id, b.user.id]));
  await b.cut();
  assert.deepEqual(await a.next('userLeave'),
    {type: 'userLeave', room: 'people', user: b.user, userCount: 1});
  await a.close();
});

test('Online without a room counts the connections of the server', async () => {
  const clients = await Promise.all(Array.from({length: 7}, () => connect()));
  await until(async () => {
    const {count} = await clients[0].ask({type: 'online'}, 'online');
    return count === 7;
  }, 'a count of 7');
  await Promise.all(clients.map((client) => client.close()));
});

test('Larger rooms tell how many are there instead of who', async () => {
  const clients = await Promise.all(Array.from({length: 8}, () => connect()));
  for (const client of clients) await client.join('large');
  const counted = await clients[0].next((m) => m.type === 'userCount' && m.count === 8);
  assert.deepEqual(counted, {type: 'userCount', room: 'large', count: 8});
  await Promise.all(clients.map((client) => client.close()));
});

test('Who left a room hears nothing more of it, and may come back', async () => {
  const [a, b] = await Promise.all([connect(), connect()]);
  await a.join('door');
  await b.join('door');
  assert.deepEqual(await b.ask({type: 'leaveRoom', room: 'door'}, 'roomLeft'),
    {type: 'roomLeft', room: 'door'});
  await a.next('userLeave');
  await a.say('door', 'alone at last');
  await b.settled();
  assert.deepEqual(b.take('message'), []);
  const {messages} = await b.join('door');
  assert.deepEqual(messages.map(({message}) => message), ['alone at last']);
  await Promise.all([a.close(), b.close()]);
});

test('Rooms do not mix', async () => {
  const [a, b] = await Promise.all([connect(), connect()]);
  for (const room of ['left', 'both']) await a.join(room);
  for (const room of ['right', 'both']) await b.join(room);
  await a.say('left', 'only me');
  await b.say('right', 'only you');
  await a.say('both', 'us');
  assert.equal((await b.next('message')).message, 'us');
  await Promise.all([a.close(), b.close()]);
});

test('A ping is answered with its payload, on both levels', async () => {
  const client = await connect();
  const pong = new Promise((resolve) => client.socket.once('pong', resolve));
  client.socket.ping('payload');
  assert.equal((await pong).toString(), 'payload');
  const answer = await client.ask({type: 'ping'}, 'pong');
  assert.ok(Math.abs(answer.serverTime - Date.now()) < 60_000);
  await client.close();
});

test('A close is answered with its code', async () => {
  const client = await connect();
  const {code} = await client.close(4321);
  assert.equal(code, 4321);
});
