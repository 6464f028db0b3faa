// A relay that misbehaves on purpose: what a client sends reaches all who connected with the same
// path, itself included. `node faulty_relay.js FAULT...` prints "listening PORT"; on SIGTERM it
// prints as JSON how often it did what, and ends. What each fault is: see the methods.

import {WebSocketServer} from 'ws';

const faults = new Set(process.argv.slice(2));
const often = 10_000; // One delivery of so many, each fault at a place of its own.
const messagesPerLeak = 1_000;
const messagesPerClose = 1_500;
const stallMs = 200;
const stallEveryMs = 5_000;
const heldMsMax = 300;

const rooms = new Map();
const deeds = {
  messages: 0, deliveries: 0, dropped: 0, doubled: 0, swapped: 0, leaked: 0, damaged: 0, closed: 0,
  stalls: 0,
};

function misdeed(fault, count, place) {
  return faults.has(fault) && count % often === place;
}

// In the fill, which begins behind the 33 bytes of the stamp.
function damaged(payload) {
  const copy = Buffer.from(payload);
  const at = 33 + (deeds.damaged % (copy.length - 33));
  copy[at] = copy[at] === 0x78 ? 0x79 : 0x78;
  return copy;
}

function send(member, payload) {
  member.socket.send(payload, {binary: false});
}

// One that was to be swapped goes out behind the one that follows it, or alone when none does.
function hold(member, payload) {
  const timer = setTimeout(() => {
    member.held = null;
    send(member, payload);
  }, heldMsMax);
  member.held = {payload, timer};
}

function deliver(member, payload) {
  deeds.deliveries += 1;
  const count = deeds.deliveries;
  if (misdeed('drop', count, 1_000)) {
    deeds.dropped += 1;
    return;
  }
  if (misdeed('swap', count, 5_000) && member.held === null) {
    hold(member, payload);
    return;
  }
  if (misdeed('damage', count, 7_000)) {
    send(member, damaged(payload));
    deeds.damaged += 1;
  } else {
    send(member, payload);
  }
  if (misdeed('double', count, 3_000)) {
    send(member, payload);
    deeds.doubled += 1;
  }
  if (member.held === null) return;
  const {payload: late, timer} = member.held;
  clearTimeout(timer);
  member.held = null;
  send(member, late);
  deeds.swapped += 1;
}

function leak(room, payload) {
  const other = [...rooms.values()].find((members) => members !== room && members.size > 0);
  if (other === undefined) return;
  send([...other].at(-1), payload);
  deeds.leaked += 1;
}

function onMessage(room, payload) {
  deeds.messages += 1;
  for (const member of room) deliver(member, payload);
  if (faults.has('leak') && deeds.messages % messagesPerLeak === 0) leak(room, payload);
  if (faults.has('close') && deeds.messages % messagesPerClose === 0) {
    const last = [...room].at(-1); // Who came last: the first one publishes.
    room.delete(last);
    last.socket.close(1011, 'by intent');
    deeds.closed += 1;
  }
}

function stall() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMs);
  deeds.stalls += 1;
}

const server = new WebSocketServer({host: '127.0.0.1', port: 0, perMessageDeflate: false});
server.on('connection', (socket, request) => {
  const member = {socket, held: null};
  if (!rooms.has(request.url)) rooms.set(request.url, new Set());
  const room = rooms.get(request.url);
  room.add(member);
  if (faults.has('deaf')) socket.pause(); // And reads nothing, not even a goodbye.
  socket.on('message', (payload) => onMessage(room, payload));
  socket.on('close', () => room.delete(member));
  socket.on('error', () => room.delete(member));
});
server.on('listening', () => console.log(`listening ${server.address().port}`));
if (faults.has('stall')) setInterval(stall, stallEveryMs);
process.on('SIGTERM', () => {
  console.log(JSON.stringify(deeds));
  process.exit(0);
});
