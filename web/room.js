// One room as this client sees it: its timeline, who is there, what is not yet sent, and the talk
// with the server that keeps the timeline whole. Chat feeds it what arrives.
//
// Messages on their way out are in `outbox`, in order, at most one of them under way:
//   queued   waits for its turn, for the connection or for the rate limit
//   sent     under way; its echo removes it
//   adrift   the connection broke before the echo: decided once the timeline is whole again
//   unsure   nobody can tell whether it arrived: the user decides
//   refused  the server said no; `error` is its reason

import {Timeline} from './timeline.js';

export const olderPage = 50;
const repairPageMax = 100;
const entriesMax = 600;
const requestMs = 10_000;
const echoMs = 15_000;
const typingShownMs = 6_000;

export class Room {
  // `host` is the Chat: {clock, send, changed, blockedUntil, newId}.
  constructor(name, host) {
    this.name = name;
    this.host = host;
    this.phase = 'joining'; // 'joining' | 'syncing' | 'joined' | 'refused'
    this.error = null;
    this.epoch = null;
    this.timeline = new Timeline();
    this.hasOlder = false;
    this.readsOlder = false; // The user has scrolled up: nothing may vanish.
    this.users = new Map();
    this.userCount = 0;
    this.typing = new Map(); // User id to {name, until}.
    this.unread = 0;
    this.outbox = [];
    this.version = 0; // Grows with each change of what the message list shows.
    this.request = null; // The one `history` asked for: {before} or {from, to}.
    this.joinSeq = 0;
    this.timers = {};
  }

  close() {
    for (const timer of Object.values(this.timers)) this.host.clock.clearTimeout(timer);
  }

  // -- Coming and going

  askToJoin() {
    this.phase = 'joining';
    this.error = null;
    const back = this.epoch === null ? {} : {since: this.timeline.last, epoch: this.epoch};
    this.host.send({type: 'joinRoom', room: this.name, ...back});
  }

  onJoined(message) {
    const firstTime = this.epoch === null;
    if (firstTime) {
      this.timeline.startAt(message.seq);
    } else if (message.epoch !== this.epoch) {
      this.timeline.beginAnew(message.seq);
      this.doubtAdrift();
    }
    this.epoch = message.epoch;
    this.joinSeq = message.seq;
    this.phase = 'syncing';
    this.setUsers(message.users, message.userCount);
    this.touch();
  }

  onDisconnected() {
    if (this.phase !== 'refused') this.phase = 'joining';
    this.endRequest();
    this.typing.clear();
    for (const item of this.outbox) {
      if (item.state === 'sent') item.state = 'adrift';
    }
    this.touch();
  }

  // Returns false when nothing here explains the error.
  onError(message) {
    const item = this.outbox.find((other) => other.id === message.id);
    const limited = message.code === 'rate_limited';
    if (item !== undefined) {
      item.state = limited ? 'queued' : 'refused';
      item.error = message.message;
    } else if (this.phase === 'joining' && limited) {
      this.later('join', () => this.phase === 'joining' && this.askToJoin(),
        message.retryAfter ?? 1000);
    } else if (this.phase === 'joining' && message.code !== 'already_in_room') {
      this.phase = 'refused';
      this.error = message.message;
    } else if (this.request !== null) {
      this.endRequest();
      if (limited) this.later('repair', () => this.settle(), message.retryAfter ?? 1000);
    } else {
      return false;
    }
    this.touch();
    this.pump();
    return true;
  }

  // -- What arrives

  // Returns whether it was news, so that the reader has one more to read.
  onMessage(message, mine) {
    if (this.phase === 'joining' || !Number.isSafeInteger(message.seq)) return false;
    const news = this.insert(message, mine);
    this.typing.delete(message.userId);
    if (!this.readsOlder && this.timeline.trim(entriesMax)) this.hasOlder = true;
    this.touch();
    this.settle();
    return news && !mine;
  }

  // Returns how many of the messages were news from others. `mine` is a function.
  onHistory(message, mine) {
    if (this.phase === 'joining') return 0;
    let news = 0;
    for (const old of message.messages) {
      const own = mine(old);
      if (this.insert(old, own) && !own) news += 1;
    }
    if (this.phase === 'syncing') {
      if (!message.more) this.endSync();
    } else if (this.request !== null) {
      this.answered(message.messages);
    }
    this.touch();
    this.settle();
    return news;
  }

  onGap(message) {
    if (this.phase === 'joining' || message.reason === 'reset') return;
    const lost = message.reason !== 'slow_reader';
    this.timeline.markGap(message.from, message.to, lost);
    if (lost) this.doubtAdrift();
    this.touch();
    this.settle();
  }

  insert(message, mine) {
    const pending = this.outbox.findIndex((item) => item.id === message.id);
    if (pending !== -1 && message.id !== undefined) {
      this.outbox.splice(pending, 1);
      this.host.clock.clearTimeout(this.timers.echo);
    }
    const {seq, id, user, userId, timestamp, guest = false} = message;
    const entry = {seq, id, user, userId, timestamp, guest, text: message.message, mine};
    return this.timeline.insert(entry) === 'new';
  }

  // -- Keeping the timeline whole

  endSync() {
    const {timeline} = this;
    if (timeline.last < this.joinSeq) timeline.markGap(timeline.last + 1, this.joinSeq, false);
    this.hasOlder = timeline.first > 1;
    this.phase = 'joined';
  }

  // Asks for what is missing; then, with nothing missing, decides about what was adrift: its echo
  // would be here if it had arrived.
  settle() {
    if (this.phase !== 'joined') return;
    const hole = this.timeline.hole();
    if (hole !== null) {
      if (this.request === null) this.repair(hole);
      return;
    }
    for (const item of this.outbox) {
      if (item.state === 'adrift') item.state = 'queued';
    }
    this.pump();
  }

  repair(hole) {
    const limit = Math.min(repairPageMax, hole.to - hole.from + 1);
    this.ask(hole, {since: hole.from - 1, limit});
  }

  loadOlder() {
    if (this.phase !== 'joined' || this.request !== null || !this.hasOlder) return;
    const before = this.timeline.first;
    this.ask({before}, {before, limit: olderPage});
  }

  ask(request, what) {
    if (!this.host.send({type: 'history', room: this.name, ...what})) return;
    this.request = request;
    this.later('request', () => this.endRequest(), requestMs);
    this.touch();
  }

  endRequest() {
    this.request = null;
    this.host.clock.clearTimeout(this.timers.request);
    this.touch();
  }

  answered(messages) {
    const {before, from, to} = this.request;
    this.endRequest();
    if (before !== undefined) {
      this.hasOlder = messages.length > 0 && this.timeline.first > 1;
      return;
    }
    // What the history no longer has from the start of the hole on will never come.
    const next = messages.length > 0 ? messages[0].seq : to + 1;
    if (next > from) {
      this.timeline.markGap(from, Math.min(to, next - 1), true);
      this.doubtAdrift();
    }
  }

  // -- What goes out

  say(text) {
    const item = {id: this.host.newId(), text, state: 'queued', at: this.host.clock.wallNow()};
    this.outbox.push(item);
    this.touch();
    this.pump();
  }

  pump() {
    if (this.phase !== 'joined') return;
    const item = this.outbox.find(({state}) => state !== 'refused' && state !== 'unsure');
    if (item === undefined || item.state !== 'queued') return;
    const wait = this.host.blockedUntil - this.host.clock.now();
    if (wait > 0) {
      this.later('pump', () => this.pump(), wait);
      return;
    }
    const {id, text} = item;
    if (!this.host.send({type: 'message', room: this.name, message: text, id})) return;
    item.state = 'sent';
    this.later('echo', () => this.doubt((other) => other.state === 'sent'), echoMs);
    this.touch();
  }

  doubtAdrift() {
    this.doubt(({state}) => state === 'adrift' || state === 'sent');
  }

  doubt(which) {
    for (const item of this.outbox.filter(which)) item.state = 'unsure';
    this.touch();
    this.pump();
  }

  // The user's word on an item that is unsure, refused or waiting.
  resend(id) {
    const item = this.outbox.find((other) => other.id === id);
    if (item === undefined) return;
    item.state = 'queued';
    this.touch();
    this.pump();
  }

  // Returns the text of the item taken back; null when it is under way or gone.
  takeBack(id) {
    const index = this.outbox.findIndex((item) => item.id === id && item.state !== 'sent');
    if (index === -1) return null;
    const [item] = this.outbox.splice(index, 1);
    this.touch();
    this.pump();
    return item.text;
  }

  // -- People

  setUsers(users, count) {
    this.users = new Map((users ?? []).map((user) => [user.id, user]));
    this.userCount = count ?? this.users.size;
    this.host.changed();
  }

  onUser(message, came) {
    if (came) {
      this.users.set(message.user.id, message.user);
    } else {
      this.users.delete(message.user.id);
      this.typing.delete(message.user.id);
    }
    this.userCount = message.userCount;
    // Someone with two connections may have closed one: ask rather than guess.
    const asks = this.users.size < Math.min(this.userCount, 100);
    if (asks) this.later('online', () => this.host.send({type: 'online', room: this.name}), 1000);
    this.host.changed();
  }

  onTyping(message) {
    if (message.typing === false) {
      this.typing.delete(message.userId);
    } else {
      const until = this.host.clock.now() + typingShownMs;
      this.typing.set(message.userId, {name: message.user, until});
      this.later('typing', () => this.expireTyping(), typingShownMs + 1);
    }
    this.host.changed();
  }

  expireTyping() {
    const now = this.host.clock.now();
    for (const [id, {until}] of this.typing) {
      if (until <= now) this.typing.delete(id);
    }
    this.host.changed();
  }

  // -- Odds and ends

  touch() {
    this.version += 1;
    this.host.changed();
  }

  later(name, action, ms) {
    const {clock} = this.host;
    clock.clearTimeout(this.timers[name]);
    this.timers[name] = clock.setTimeout(action, ms);
  }
}
