// Who may come in, and as whom: tokens in the query and in band, guests.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {Client} from './lib/client.js';
import {Server, mintToken, secret} from './lib/server.js';

const {publicKey, privateKey} = crypto.generateKeyPairSync('rsa', {modulusLength: 2048});
const folder = mkdtempSync(path.join(os.tmpdir(), 'parley-keys-'));
const keyFile = path.join(folder, 'public.pem');
writeFileSync(keyFile, publicKey.export({type: 'spki', format: 'pem'}));

let server;
let strict;
before(async () => {
  const keys = ['--jwt-secret', secret, '--jwt-public-key-file', keyFile];
  server = await Server.start(keys);
  strict = await Server.start([...keys, '--guests', 'refuse']);
});
after(async () => {
  await Promise.all([server.stop(), strict.stop()]);
  rmSync(folder, {recursive: true});
});

// A token written by hand, so that it may be wrong in any way.
function token(claims, {alg = 'HS256', key = secret, hash = 'sha256'} = {}) {
  const part = (object) => Buffer.from(JSON.stringify(object)).toString('base64url');
  const head = `${part({alg, typ: 'JWT'})}.${part(claims)}`;
  if (alg === 'none') return `${head}.`;
  const signature = alg.startsWith('RS') ? crypto.sign(hash, Buffer.from(head), key)
    : crypto.createHmac(hash, key).update(head).digest();
  return `${head}.${signature.toString('base64url')}`;
}

const seconds = Math.floor(Date.now() / 1000);

test('A token of parleyctl in the query names the user (S0-05, S0-06)', async () => {
  const client = await Client.connect(strict, {query: `token=${mintToken('alice')}`});
  assert.deepEqual(client.user, {id: 'alice', username: 'alice'});
  await client.close();
});

test('The display name is username, else name, else sub', async () => {
  for (const [claims, name] of [[{sub: 'u1', username: 'A', name: 'B'}, 'A'],
    [{sub: 'u1', name: 'B'}, 'B'], [{sub: 'u1'}, 'u1']]) {
    const client = await Client.connect(strict, {query: `token=${token(claims)}`});
    assert.deepEqual(client.user, {id: 'u1', username: name});
    await client.close();
  }
});

test('A token signed with RS256 names the user', async () => {
  const signed = token({sub: 'rita', exp: seconds + 600}, {alg: 'RS256', key: privateKey});
  const client = await Client.connect(strict, {query: `token=${signed}`});
  assert.equal(client.user.id, 'rita');
  await client.close();
});

const bad = {
  'of another secret': token({sub: 'a'}, {key: 'another secret, also longer than 32 bytes'}),
  'expired for two minutes': token({sub: 'a', exp: seconds - 120}),
  'not valid for another two minutes': token({sub: 'a', nbf: seconds + 120}),
  'without a subject': token({name: 'a'}),
  'with an empty subject': token({sub: ''}),
  'with a subject of 129 bytes': token({sub: 'x'.repeat(129)}),
  'with a subject of two lines': token({sub: 'a\nb'}),
  'without a signature (alg none)': token({sub: 'a'}, {alg: 'none'}),
  'signed with HS512': token({sub: 'a'}, {alg: 'HS512', hash: 'sha512'}),
  'signed with the public key as HS256 secret': token({sub: 'a'}, {
    key: publicKey.export({type: 'spki', format: 'pem'}),
  }),
  'with a changed signature': `${token({sub: 'a'}).slice(0, -4)}AAAA`,
  'that is no token': 'abc.def',
  'of three empty parts': '..',
};

for (const [what, text] of Object.entries(bad)) {
  test(`A token ${what} is answered with 401, whether guests may come or not`, async () => {
    assert.equal(await Client.refusal(server, `token=${text}`), 401);
    assert.equal(await Client.refusal(strict, `token=${text}`), 401);
  });
}

test('Guests are answered with 401 where they are not allowed', async () => {
  assert.equal(await Client.refusal(strict), 401);
});

test('auth in band makes a guest the user of the token (S0-33)', async () => {
  const client = await Client.connect(server);
  const answer = await client.ask({type: 'auth', token: mintToken('bob')}, 'authSuccess');
  assert.deepEqual(answer, {type: 'authSuccess', user: {id: 'bob', username: 'bob'}});
  await client.join('general');
  const said = await client.say('general', 'hello');
  assert.deepEqual([said.user, said.userId, said.guest], ['bob', 'bob', undefined]);
  await client.close();
});

test('auth in band with a bad token is auth_failed, and the guest stays a guest', async () => {
  const client = await Client.connect(server);
  for (const text of [bad['of another secret'], bad['that is no token'], '..']) {
    const error = await client.ask({type: 'auth', token: text}, 'error');
    assert.equal(error.code, 'auth_failed', JSON.stringify(text));
  }
  await client.join('general');
  assert.equal((await client.say('general', 'hi')).userId, client.user.id);
  await client.close();
});

test('A guest chooses a name and keeps the mark of a guest', async () => {
  const client = await Client.connect(server);
  const {user} = await client.ask({type: 'auth', user: {username: 'Ada', id: 'root'}},
    'authSuccess');
  assert.deepEqual(user, {id: client.user.id, username: 'Ada', guest: true});
  await client.join('general');
  const said = await client.say('general', 'hello');
  assert.deepEqual([said.user, said.guest], ['Ada', true]);
  await client.close();
});

test('A user of a token does not become another name by auth', async () => {
  const client = await Client.connect(server, {query: `token=${mintToken('carol')}`});
  const error = await client.ask({type: 'auth', user: {username: 'root'}}, 'error');
  assert.equal(error.code, 'not_authenticated');
  await client.join('general');
  assert.equal((await client.say('general', 'hi')).user, 'carol');
  await client.close();
});

test('Where guests may not choose, auth with a name is refused', async (t) => {
  const allow = await Server.forTest(t, ['--guests', 'allow']);
  const client = await Client.connect(allow);
  const error = await client.ask({type: 'auth', user: {username: 'Ada'}}, 'error');
  assert.equal(error.code, 'not_authenticated');
  await client.close();
  await allow.stop();
});

test('Two guests have different ids', async () => {
  const clients = await Promise.all(Array.from({length: 20}, () => Client.connect(server)));
  assert.equal(new Set(clients.map(({user}) => user.id)).size, 20);
  await Promise.all(clients.map((client) => client.close()));
});
