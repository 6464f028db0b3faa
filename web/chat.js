// The classic protocol from the client's side, without a document: who we are, which rooms we are
// in, and what to say on each connection so that nothing is lost or shown twice.

import {Connection} from './connection.js';
import {Room} from './room.js';

const typingTellMs = 3_000;

export class Chat {
  // `identity` is {token, name} or parts of it; `myIds` the user ids this tab has had, which mark
  // messages as one's own. `onChange` is called often and should only note that something changed.
  constructor({url, makeSocket, clock, random, newId, identity, myIds, onChange, onNotice}) {
    this.clock = clock;
    this.newId = newId;
    this.identity = identity;
    this.myIds = new Set(myIds);
    this.changed = onChange;
    this.notice = onNotice;
    this.rooms = new Map();
    this.active = null; // Name of the room on display.
    this.visible = true;
    this.me = null;
    this.suggested = [];
    this.limits = {messageBytesMax: 65_536, roomsMax: 64};
    this.blockedUntil = 0; // The server's rate limit: no message before this.
    this.ready = false; // Welcomed, and named as wished.
    this.naming = false;
    this.typingToldAt = -Infinity;
    this.handlers = new Map(Object.entries(this.makeHandlers()));
    this.connection = new Connection({
      url,
      makeSocket,
      clock,
      random,
      onState: (state) => this.onState(state),
      onOpen: () => {},
      onMessage: (message) => this.handlers.get(message.type)?.(message),
    });
  }

  start() {
    this.connection.start();
  }

  send(object) {
    return this.connection.send(object);
  }

  makeHandlers() {
    const inRoom = (action) => (message) => {
      const room = this.rooms.get(message.room);
      if (room !== undefined) action(room, message);
    };
    return {
      welcome: (message) => this.onWelcome(message),
      authSuccess: (message) => this.onNamed(message.user),
      error: (message) => this.onError(message),
      system: (message) => this.notice({kind: 'system', text: message.message}),
      roomJoined: inRoom((room, message) => room.onJoined(message)),
      message: inRoom((room, message) => this.read(room, this.onMessage(room, message))),
      history: inRoom((room, message) => {
        this.read(room, room.onHistory(message, (old) => this.isMine(room, old)));
      }),
      gap: inRoom((room, message) => room.onGap(message)),
      userJoin: inRoom((room, message) => room.onUser(message, true)),
      userLeave: inRoom((room, message) => room.onUser(message, false)),
      userCount: inRoom((room, message) => {
        room.userCount = message.count;
        this.changed();
      }),
      online: inRoom((room, message) => room.setUsers(message.users, message.count)),
      typing: inRoom((room, message) => {
        if (!this.myIds.has(message.userId)) room.onTyping(message);
      }),
    };
  }

  // -- The connection

  onState(state) {
    if (state.name !== 'open') {
      this.ready = false;
      this.naming = false;
      for (const room of this.rooms.values()) room.onDisconnected();
    }
    this.changed();
  }

  onWelcome(message) {
    this.suggested = Array.isArray(message.rooms) ? message.rooms : [];
    this.limits = {...this.limits, ...message.limits};
    this.blockedUntil = 0;
    const {name} = this.identity;
    if (message.user.guest && name && name !== message.user.username) {
      this.me = message.user;
      this.naming = this.send({type: 'auth', user: {username: name}});
    } else {
      this.onNamed(message.user);
    }
  }

  onNamed(user) {
    this.me = user;
    this.myIds.add(user.id);
    this.naming = false;
    this.ready = true;
    if (this.rooms.size === 0 && this.suggested.length > 0) this.join(this.suggested[0]);
    else for (const room of this.rooms.values()) room.askToJoin();
    this.changed();
  }

  onError(message) {
    if (this.naming) {
      this.notice({kind: 'error', code: message.code, text: message.message});
      this.onNamed(this.me);
      return;
    }
    const limited = message.code === 'rate_limited';
    if (limited) {
      const wait = message.retryAfter ?? 1000;
      this.blockedUntil = Math.max(this.blockedUntil, this.clock.now() + wait);
    }
    const room = this.roomOf(message);
    const explained = room !== undefined && room.onError(message);
    if (!explained && !limited) {
      this.notice({kind: 'error', code: message.code, text: message.message});
    }
    this.changed();
  }

  // The room an error speaks of: by name, or by the id of what was said there.
  roomOf(message) {
    const named = this.rooms.get(message.room);
    if (named !== undefined || message.id === undefined) return named;
    return [...this.rooms.values()].find(({outbox}) => outbox.some(({id}) => id === message.id));
  }

  // -- Rooms

  join(name) {
    let room = this.rooms.get(name);
    if (room === undefined) {
      room = new Room(name, this);
      this.rooms.set(name, room);
      if (this.ready) room.askToJoin();
    } else if (room.phase === 'refused' && this.ready) {
      room.askToJoin();
    }
    if (this.active === null) this.active = name;
    this.changed();
    return room;
  }

  leave(name) {
    const room = this.rooms.get(name);
    if (room === undefined) return;
    if (room.phase !== 'refused') this.send({type: 'leaveRoom', room: name});
    room.close();
    this.rooms.delete(name);
    if (this.active === name) this.activate([...this.rooms.keys()][0] ?? null);
    this.changed();
  }

  activate(name) {
    this.active = name;
    this.readActive();
    this.changed();
  }

  setVisible(visible) {
    this.visible = visible;
    this.readActive();
  }

  readActive() {
    const room = this.rooms.get(this.active);
    if (room !== undefined && this.visible && room.unread > 0) {
      room.unread = 0;
      this.changed();
    }
  }

  // -- Messages

  isMine(room, message) {
    return this.myIds.has(message.userId)
      || (message.id !== undefined && room.outbox.some(({id}) => id === message.id));
  }

  onMessage(room, message) {
    return room.onMessage(message, this.isMine(room, message)) ? 1 : 0;
  }

  read(room, news) {
    if (room.name !== this.active || !this.visible) room.unread += news;
  }

  // Returns 'ok', 'empty' or 'too_long'.
  say(name, text) {
    const room = this.rooms.get(name);
    if (room === undefined || text.trim() === '') return 'empty';
    const frame = {type: 'message', room: name, message: text, id: 'x'.repeat(64)};
    const bytes = new TextEncoder().encode(JSON.stringify(frame)).length;
    if (bytes > this.limits.messageBytesMax) return 'too_long';
    this.typingToldAt = -Infinity;
    room.say(text);
    return 'ok';
  }

  // Tells the others; as often as they need to keep showing it.
  tellTyping(name, typing) {
    const room = this.rooms.get(name);
    if (room === undefined || room.phase !== 'joined') return;
    const now = this.clock.now();
    if (typing ? now - this.typingToldAt < typingTellMs : this.typingToldAt === -Infinity) return;
    this.typingToldAt = typing ? now : -Infinity;
    this.send({type: 'typing', room: name, typing});
  }

  // -- Identity

  // A connection has one name for its life: coming back under another resumes every room.
  setIdentity(identity) {
    this.identity = identity;
    this.connection.restart();
  }
}
