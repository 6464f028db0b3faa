// The page put together: the address bar, what the browser remembers, the chat and the view.

import {Chat} from './chat.js';
import {memory} from './storage.js';
import {View} from './view.js';

const refusalsToExplain = 2; // A refusal or two may be a server that is just starting.

const clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimeout: (action, ms) => setTimeout(action, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

// A token in the address is taken out of it, so that it is not shared with the address.
function takeToken() {
  const url = new URL(location.href);
  const token = url.searchParams.get('token');
  if (token === null) return memory.token();
  memory.setToken(token);
  url.searchParams.delete('token');
  history.replaceState(null, '', url);
  return token;
}

function socketUrl(token) {
  const url = new URL('/ws', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  url.search = '';
  if (token) url.searchParams.set('token', token);
  return url.href;
}

function roomInAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
}

const identity = {token: takeToken(), name: memory.name()};
let view = null;

const chat = new Chat({
  url: () => socketUrl(chat.identity.token),
  makeSocket: (url) => new WebSocket(url),
  clock,
  random: Math.random,
  newId,
  identity,
  myIds: memory.myIds(),
  onChange: () => onChange(),
  onNotice: ({text}) => view?.banner(text),
});

let explained = false;

function onChange() {
  memory.setRooms([...chat.rooms.keys()]);
  memory.setMyIds([...chat.myIds]);
  const {refusals, name} = chat.connection.state;
  if (name === 'open' && explained) view?.banner('');
  if (name === 'open') explained = false;
  if (refusals >= refusalsToExplain && !explained) {
    explained = true;
    explainRefusal();
  }
  showRoomInAddress();
  view?.update();
}

// A browser does not tell why a WebSocket was refused. A server that is well and yet refuses does
// so because of who we are.
async function explainRefusal() {
  const answer = await fetch('/health', {cache: 'no-store'}).catch(() => null);
  if (!answer?.ok || chat.connection.state.name === 'open') return;
  const text = chat.identity.token
    ? 'The server does not accept your sign-in. Sign out to come in as a guest.'
    : 'The server lets nobody in just now, or only those who signed in elsewhere.';
  view.banner(text);
}

function showRoomInAddress() {
  if (chat.active === null || chat.active === roomInAddress()) return;
  history.replaceState(null, '', `#${encodeURIComponent(chat.active)}`);
}

function enter(name) {
  chat.join(name);
  chat.activate(name);
}

view = new View(chat, clock, {
  enter,
  leave: (name) => chat.leave(name),
  setName: (name) => {
    if (name === '') return;
    memory.setName(name);
    chat.setIdentity({...chat.identity, name});
  },
  signOut: () => {
    memory.setToken(null);
    chat.setIdentity({...chat.identity, token: null});
  },
});

for (const name of memory.rooms()) chat.join(name);
if (roomInAddress() !== '') enter(roomInAddress());

addEventListener('hashchange', () => roomInAddress() !== '' && enter(roomInAddress()));
addEventListener('online', () => chat.connection.retryNow());
addEventListener('offline', () => view.update());
document.addEventListener('visibilitychange', () => chat.setVisible(!document.hidden));
chat.setVisible(!document.hidden);
chat.start();
view.update();
