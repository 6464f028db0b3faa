import assert from 'node:assert/strict';
import test from 'node:test';

import {Chat} from '../chat.js';
import {FakeClock, FakeSocket, guest, history, joined, said, welcome} from './fakes.js';

function set_up(more = {}) {
  const clock = new FakeClock();
  const sockets = [];
  const notices = [];
  let ids = 0;
  const chat = new Chat({
    url: () => 'ws://test/ws',
    makeSocket: (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket;
    },
    clock,
    random: () => 0.5,
    newId: () => `id-${(ids += 1)}`,
    identity: {},
    myIds: [],
    onChange: () => {},
    onNotice: (notice) => notices.push(notice),
    ...more,
  });
  chat.start();
  const last = () => sockets[sockets.length - 1];
  return {chat, clock, sockets, notices, last};
}

// Welcomed and in `general`, with messages 1 to `count` seen.
function in_general(count = 3, more = {}) {
  const world = set_up(more);
  const socket = world.last();
  socket.open();
  socket.tell(welcome());
  const messages = Array.from({length: count}, (_, index) => said(index + 1));
  socket.tell(joined(count), history(messages));
  socket.take();
  return {...world, room: world.chat.rooms.get('general')};
}

function come_back(world) {
  world.chat.connection.retryNow();
  const socket = world.last();
  socket.open();
  socket.tell(welcome());
  return socket;
}

const shown = (room) => room.timeline.entries.filter(({hidden}) => !hidden).map((entry) => {
  if (entry.kind !== 'gap') return entry.seq ?? 'reset';
  return `${entry.lost ? 'lost' : 'gap'} ${entry.from}-${entry.to}`;
});
const outbox = (room) => room.outbox.map(({text, state}) => `${text}: ${state}`);

test('joins the first suggested room when it is in none', () => {
  const {chat, last} = set_up();
  last().open();
  last().tell(welcome());
  assert.deepEqual(last().take(), [{type: 'joinRoom', room: 'general'}]);
  assert.equal(chat.active, 'general');
});

test('asks for the remembered name before it joins', () => {
  const {chat, last} = set_up({identity: {name: 'Ada'}});
  last().open();
  last().tell(welcome());
  assert.deepEqual(last().take(), [{type: 'auth', user: {username: 'Ada'}}]);
  last().tell({type: 'authSuccess', user: {...guest, username: 'Ada'}});
  assert.deepEqual(last().take(), [{type: 'joinRoom', room: 'general'}]);
  assert.equal(chat.me.username, 'Ada');
});

test('joins under the given name when the chosen one is refused', () => {
  const {chat, last, notices} = set_up({identity: {name: 'x'}});
  last().open();
  last().tell(welcome());
  last().take();
  last().tell({type: 'error', code: 'bad_name', message: 'no'});
  assert.deepEqual(last().take(), [{type: 'joinRoom', room: 'general'}]);
  assert.equal(chat.me.username, 'guest-1');
  assert.equal(notices[0].code, 'bad_name');
});

test('comes back with since and epoch, and shows what it missed once and in order', () => {
  const world = in_general(3);
  world.last().cut();
  const socket = come_back(world);
  const join = {type: 'joinRoom', room: 'general', since: 3, epoch: 'e1'};
  assert.deepEqual(socket.take('joinRoom'), [join]);
  socket.tell(joined(6, 'e1', true), history([said(4), said(5)], true), history([said(6)]));
  socket.tell(said(6), said(7));
  assert.deepEqual(shown(world.room), [1, 2, 3, 4, 5, 6, 7]);
});

test('a live message that overtakes the missed ones leaves no hole', () => {
  const world = in_general(3);
  world.last().cut();
  const socket = come_back(world);
  socket.tell(joined(5, 'e1', true), said(6), history([said(4), said(5)]));
  assert.deepEqual(shown(world.room), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(socket.take('history'), []);
});

test('sends what was typed while offline once, after it has caught up', () => {
  const world = in_general(1);
  world.last().cut();
  world.chat.say('general', 'one');
  world.chat.say('general', 'two');
  const socket = come_back(world);
  socket.tell(joined(1, 'e1', true));
  assert.deepEqual(socket.take('message'), []);
  socket.tell(history([]));
  const [one] = socket.take('message');
  assert.equal(one.message, 'one');
  socket.tell(said(2, {id: one.id, message: 'one', userId: guest.id}));
  const [two] = socket.take('message');
  socket.tell(said(3, {id: two.id, message: 'two', userId: guest.id}));
  assert.deepEqual(socket.take('message'), []);
  assert.deepEqual(outbox(world.room), []);
});

test('does not resend a message whose echo comes with the missed ones', () => {
  const world = in_general(1);
  world.chat.say('general', 'hello');
  const [{id}] = world.last().take('message');
  world.last().cut();
  const socket = come_back(world);
  socket.tell(joined(2, 'e1', true), history([said(2, {id, message: 'hello', userId: 'guest:1'})]));
  assert.deepEqual(socket.take('message'), []);
  assert.deepEqual(outbox(world.room), []);
});

test('resends a message that did not arrive, under the same id', () => {
  const world = in_general(1);
  world.chat.say('general', 'hello');
  const [first] = world.last().take('message');
  world.last().cut();
  const socket = come_back(world);
  socket.tell(joined(1, 'e1', true), history([]));
  assert.deepEqual(socket.take('message'), [first]);
});

test('shows one copy of a message that arrived twice under one id', () => {
  const {room, last} = in_general(1);
  last().tell(said(2, {id: 'a', message: 'hi'}), said(3, {id: 'a', message: 'hi'}), said(4));
  assert.deepEqual(shown(room), [1, 2, 4]);
});

test('asks the user about a message whose fate is in a range that is gone', () => {
  const world = in_general(1);
  world.chat.say('general', 'hello');
  world.last().cut();
  const socket = come_back(world);
  const gap = {type: 'gap', room: 'general', from: 2, to: 9, reason: 'expired'};
  socket.tell(joined(10, 'e1', true), gap, history([said(10)]));
  assert.deepEqual(outbox(world.room), ['hello: unsure']);
  assert.deepEqual(shown(world.room), [1, 'lost 2-9', 10]);
  world.room.resend(world.room.outbox[0].id);
  assert.equal(socket.take('message').length, 1);
});

test('repairs a gap of a slow reader through history, in pages', () => {
  const {room, last} = in_general(2);
  last().tell({type: 'gap', room: 'general', from: 3, to: 152, reason: 'slow_reader'}, said(153));
  const ask = {type: 'history', room: 'general', since: 2, limit: 100};
  assert.deepEqual(last().take('history'), [ask]);
  last().tell(history(Array.from({length: 100}, (_, index) => said(3 + index)), true));
  assert.deepEqual(last().take('history'), [{...ask, since: 102, limit: 50}]);
  last().tell(history(Array.from({length: 50}, (_, index) => said(103 + index))));
  assert.deepEqual(shown(room), Array.from({length: 153}, (_, index) => index + 1));
});

test('asks on where an answer ends that is smaller than what was asked for', () => {
  const {last} = in_general(2);
  last().tell({type: 'gap', room: 'general', from: 3, to: 152, reason: 'slow_reader'}, said(153));
  const asked = [];
  for (let since = 2; since < 152; since += 7) {
    const requests = last().take('history');
    assert.equal(requests.length, 1); // One at a time, each answered by one frame.
    asked.push(requests[0].since);
    const count = Math.min(7, 152 - since);
    const part = Array.from({length: count}, (_, index) => said(since + 1 + index));
    last().tell(history(part, since + count < 152));
  }
  assert.deepEqual(asked, Array.from({length: 22}, (_, index) => 2 + 7 * index));
  assert.deepEqual(last().take('history'), []);
});

test('shows the part of a gap that the history no longer has', () => {
  const {room, last} = in_general(2);
  last().tell(said(8));
  assert.deepEqual(last().take('history').map(({since, limit}) => [since, limit]), [[2, 5]]);
  last().tell(history([said(6), said(7), said(8)]));
  assert.deepEqual(shown(room), [1, 2, 'lost 3-5', 6, 7, 8]);
  last().tell(said(10));
  last().take();
  last().tell(history([]));
  assert.deepEqual(shown(room), [1, 2, 'lost 3-5', 6, 7, 8, 'lost 9-9', 10]);
});

test('begins anew under another epoch and keeps what was seen above a line', () => {
  const world = in_general(3);
  world.chat.say('general', 'hello');
  world.last().cut(1001);
  const socket = come_back(world);
  const gap = {type: 'gap', room: 'general', from: 1, to: 3, reason: 'reset'};
  socket.tell(joined(2, 'e2'), gap, history([said(1), said(2)]), said(3));
  assert.deepEqual(shown(world.room), [1, 2, 3, 'reset', 1, 2, 3]);
  assert.deepEqual(outbox(world.room), ['hello: unsure']);
});

test('keeps a rate-limited message and sends it when the server allows', () => {
  const {chat, clock, room, last} = in_general(1);
  chat.say('general', 'fast');
  const [{id}] = last().take('message');
  chat.say('general', 'next');
  const error = {type: 'error', code: 'rate_limited', message: 'slow', retryAfter: 5000, id};
  last().tell(error);
  assert.deepEqual(outbox(room), ['fast: queued', 'next: queued']);
  clock.advance(4_999);
  assert.deepEqual(last().take('message'), []);
  clock.advance(2);
  assert.deepEqual(last().take('message').map(({message}) => message), ['fast']);
});

test('gives a rate-limited message back to be edited', () => {
  const {chat, room, last} = in_general(1);
  chat.say('general', 'fast');
  const [{id}] = last().take('message');
  assert.equal(room.takeBack(id), null);
  last().tell({type: 'error', code: 'rate_limited', message: 'slow', retryAfter: 5000, id});
  assert.equal(room.takeBack(id), 'fast');
  assert.deepEqual(outbox(room), []);
});

test('shows why a message was refused and goes on with the next', () => {
  const {chat, room, last} = in_general(1);
  chat.say('general', 'bad');
  const [{id}] = last().take('message');
  chat.say('general', 'good');
  last().tell({type: 'error', code: 'bad_message', message: 'why', room: 'general', id});
  assert.deepEqual(outbox(room), ['bad: refused', 'good: sent']);
  assert.equal(room.outbox[0].error, 'why');
});

test('refuses what is too long before it is sent, counted in UTF-8 bytes', () => {
  const {chat, last} = in_general(1);
  assert.equal(chat.say('general', 'é'.repeat(32_000)), 'ok');
  assert.equal(chat.say('general', 'é'.repeat(33_000)), 'too_long');
  assert.equal(chat.say('general', ' \n'), 'empty');
  assert.equal(last().take('message').length, 1);
});

test('pages back through history until its beginning', () => {
  const world = set_up();
  world.last().open();
  world.last().tell(welcome(), joined(60), history([said(59), said(60)]));
  const room = world.chat.rooms.get('general');
  assert.equal(room.hasOlder, true);
  world.last().take();
  room.loadOlder();
  room.loadOlder();
  const asked = {type: 'history', room: 'general', before: 59, limit: 50};
  assert.deepEqual(world.last().take('history'), [asked]);
  world.last().tell(history(Array.from({length: 50}, (_, index) => said(9 + index)), true));
  room.loadOlder();
  world.last().tell(history(Array.from({length: 8}, (_, index) => said(1 + index))));
  assert.equal(room.hasOlder, false);
  assert.deepEqual(shown(room), Array.from({length: 60}, (_, index) => index + 1));
});

test('counts unread messages of others only, in rooms out of sight', () => {
  const {chat, room, last} = in_general(1);
  last().tell(said(2));
  assert.equal(room.unread, 0);
  chat.activate('help');
  last().tell(said(3), said(4, {userId: guest.id}));
  assert.equal(room.unread, 1);
  chat.activate('general');
  assert.equal(room.unread, 0);
});

test('tells of typing sparingly, and forgets the typing of others', () => {
  const {chat, clock, room, last} = in_general(1);
  chat.tellTyping('general', true);
  chat.tellTyping('general', true);
  chat.tellTyping('general', false);
  chat.tellTyping('general', false);
  assert.deepEqual(last().take('typing').map(({typing}) => typing), [true, false]);
  last().tell({type: 'typing', room: 'general', user: 'Bob', userId: 'bob', typing: true});
  assert.equal(room.typing.size, 1);
  clock.advance(7_000);
  assert.equal(room.typing.size, 0);
});

test('shows a room that cannot be joined with the reason, and joins others', () => {
  const {chat, last} = in_general(1);
  const room = chat.join('full');
  last().tell({type: 'error', code: 'room_full', message: 'full', room: 'full'});
  assert.equal(room.phase, 'refused');
  assert.equal(room.error, 'full');
});

test('a message under way without echo or error becomes a question, not a duplicate', () => {
  const {chat, clock, room, last} = in_general(1);
  chat.say('general', 'hello');
  clock.advance(16_000);
  assert.deepEqual(outbox(room), ['hello: unsure']);
  const [{id}] = last().take('message');
  last().tell(said(2, {id, message: 'hello', userId: guest.id}));
  assert.deepEqual(outbox(room), []);
});

test('messages named like members of Object are ignored', () => {
  const {last, room} = in_general(1);
  last().tell({type: 'constructor'}, {type: '__proto__'}, {}, said(2, {room: '__proto__'}));
  assert.deepEqual(shown(room), [1]);
});
