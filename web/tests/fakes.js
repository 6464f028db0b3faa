// A clock, a socket and a server's side of the conversation, all driven by the test.

export class FakeClock {
  constructor() {
    this.time = 0;
    this.timers = new Map();
    this.nextId = 1;
  }

  now() {
    return this.time;
  }

  wallNow() {
    return 1_700_000_000_000 + this.time;
  }

  setTimeout(action, ms) {
    const id = this.nextId++;
    this.timers.set(id, {at: this.time + ms, action});
    return id;
  }

  clearTimeout(id) {
    this.timers.delete(id);
  }

  // Runs what is due, in order of time.
  advance(ms) {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(([, {at}]) => at <= end);
      if (due.length === 0) break;
      due.sort(([a, {at: atA}], [b, {at: atB}]) => atA - atB || a - b);
      const [id, {at, action}] = due[0];
      this.timers.delete(id);
      this.time = Math.max(this.time, at);
      action();
    }
    this.time = end;
  }
}

export class FakeSocket {
  constructor(url) {
    this.url = url;
    this.sent = [];
    this.closedWith = null;
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.closedWith = code;
  }

  // -- The server's side

  open() {
    this.onopen();
  }

  tell(...messages) {
    for (const message of messages) this.onmessage({data: JSON.stringify(message)});
  }

  cut(code = 1006) {
    this.onclose({code});
  }

  // What was sent since the last look, by type if asked.
  take(type) {
    const taken = this.sent.filter((message) => type === undefined || message.type === type);
    this.sent = this.sent.filter((message) => !taken.includes(message));
    return taken;
  }
}

export const guest = {id: 'guest:1', username: 'guest-1', guest: true};

export function welcome(user = guest) {
  return {type: 'welcome', user, rooms: ['general', 'help'], serverTime: 1, limits: {}};
}

export function joined(seq, epoch = 'e1', resumed = false) {
  const users = [{id: 'bob', username: 'Bob'}];
  return {type: 'roomJoined', room: 'general', seq, epoch, resumed, userCount: 1, users};
}

export function said(seq, more = {}) {
  const base = {type: 'message', seq, timestamp: seq, room: 'general', user: 'Bob', userId: 'bob'};
  return {...base, message: `text ${seq}`, ...more};
}

export function history(messages, more = false) {
  return {type: 'history', room: 'general', messages, more};
}
