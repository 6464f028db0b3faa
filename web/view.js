// Everything on the page but the messages: rooms, people, status, the composer and the keyboard.

import {typingText} from './format.js';
import {MessageView, avatar, element} from './message_view.js';

const ids = ['rooms', 'join-form', 'join-name', 'people', 'people-count', 'me-name', 'me-avatar',
  'rename', 'sign-out', 'open-menu', 'close-menu', 'menu-unread', 'room-title', 'room-size',
  'status', 'status-text', 'status-count', 'retry', 'banner', 'banner-text', 'banner-close',
  'empty', 'typing', 'composer', 'text', 'send', 'composer-note', 'name-dialog', 'name-form',
  'name', 'name-cancel'];

export class View {
  // `actions`: enter(name), leave(name), setName(name), signOut().
  constructor(chat, clock, actions) {
    this.chat = chat;
    this.clock = clock;
    this.actions = actions;
    this.ui = Object.fromEntries(ids.map((id) => [id, document.getElementById(id)]));
    this.drawn = new Map(); // What was drawn last, by part; nothing is drawn twice.
    this.drafts = new Map(); // Room to unfinished text.
    this.draftOf = null;
    this.due = false;
    this.messages = new MessageView(document, clock, {
      loadOlder: () => this.room()?.loadOlder(),
      resend: (id) => this.room()?.resend(id),
      edit: (id) => this.edit(id),
    });
    this.listen();
  }

  room() {
    return this.chat.rooms.get(this.chat.active) ?? null;
  }

  // Draws before the next frame, however often it is called; out of sight, some time soon.
  update() {
    if (this.due) return;
    this.due = true;
    const draw = () => {
      this.due = false;
      this.draw();
    };
    if (document.hidden) this.clock.setTimeout(draw, 200);
    else requestAnimationFrame(draw);
  }

  draw() {
    const room = this.room();
    const blocked = Math.max(0, Math.ceil((this.chat.blockedUntil - this.clock.now()) / 1000));
    this.drawStatus();
    this.drawRooms();
    this.drawPeople(room);
    this.drawRoom(room);
    this.messages.draw(room, blocked);
    const waits = room !== null && room.outbox.some(({state}) => state === 'queued');
    const counts = this.chat.connection.state.name === 'waiting' || (waits && blocked > 0);
    this.clock.clearTimeout(this.tick);
    if (counts) this.tick = this.clock.setTimeout(() => this.update(), 250);
  }

  // Calls `draw` only when `stamp` is not what it was.
  part(name, stamp, draw) {
    const text = JSON.stringify(stamp);
    if (this.drawn.get(name) === text) return;
    this.drawn.set(name, text);
    draw();
  }

  // -- Parts

  drawStatus() {
    const {state} = this.chat.connection;
    const seconds = Math.max(0, Math.ceil((state.retryAt - this.clock.now()) / 1000));
    const offline = navigator.onLine === false && state.name !== 'open';
    const words = {
      open: 'Connected',
      connecting: state.everOpened ? 'Reconnecting…' : 'Connecting…',
      waiting: 'Reconnecting in',
      stopped: 'Offline',
    };
    const text = offline ? 'Offline' : words[state.name];
    const count = state.name === 'waiting' && !offline ? `${seconds} s` : '';
    this.part('status', [text, state.name, offline], () => {
      this.ui.status.dataset.state = offline ? 'offline' : state.name;
      this.ui['status-text'].textContent = text;
      this.ui.retry.hidden = state.name !== 'waiting';
    });
    this.ui['status-count'].textContent = count;
    const {me, identity} = this.chat;
    this.part('me', [me, identity.token !== null], () => {
      this.ui['me-name'].textContent = me?.username ?? 'Nobody yet';
      if (me !== null) this.ui['me-avatar'].replaceWith(this.myAvatar(me));
      this.ui.rename.hidden = me !== null && !me.guest;
      this.ui['sign-out'].hidden = !identity.token;
    });
  }

  myAvatar(me) {
    const node = avatar(me.id, me.username);
    node.id = 'me-avatar';
    this.ui['me-avatar'] = node;
    return node;
  }

  drawRooms() {
    const {rooms, active, suggested} = this.chat;
    const mine = [...rooms.values()].map(({name, unread}) => ({name, unread, joined: true}));
    const others = suggested.filter((name) => !rooms.has(name));
    const rows = [...mine, ...others.map((name) => ({name, unread: 0, joined: false}))];
    const unread = mine.reduce((sum, room) => sum + room.unread, 0);
    this.part('rooms', [rows, active], () => {
      const focused = document.activeElement?.dataset?.focus;
      this.ui.rooms.replaceChildren(...rows.map((row) => this.roomRow(row, active)));
      if (focused !== undefined) this.refocus(focused);
    });
    this.part('title', [active, unread], () => {
      document.title = `${unread > 0 ? `(${unread}) ` : ''}${active ?? 'No room'} · Parley`;
      this.ui['menu-unread'].hidden = unread === 0;
      this.ui['menu-unread'].textContent = unread;
    });
  }

  // The list was drawn anew below the user's fingers: the focus stays on the same thing.
  refocus(what) {
    const buttons = [...this.ui.rooms.querySelectorAll('button')];
    const same = buttons.find(({dataset}) => dataset.focus === what);
    (same ?? buttons[0])?.focus();
  }

  roomRow({name, unread, joined}, active) {
    const row = element('li', joined ? '' : 'other');
    row.classList.toggle('active', name === active);
    row.classList.toggle('unread', unread > 0);
    const enter = element('button', 'room');
    enter.type = 'button';
    enter.dataset.focus = `enter ${name}`;
    enter.append(element('span', 'name', name));
    if (name === active) enter.setAttribute('aria-current', 'true');
    if (!joined) enter.append(element('span', 'count', 'join'));
    if (unread > 0) {
      enter.append(element('span', 'badge', unread > 99 ? '99+' : unread));
      enter.append(element('span', 'hidden', 'unread'));
    }
    enter.addEventListener('click', () => this.enter(name));
    row.append(enter);
    if (joined) {
      const leave = element('button', 'quiet leave', '✕');
      leave.type = 'button';
      leave.dataset.focus = `leave ${name}`;
      leave.setAttribute('aria-label', `Leave ${name}`);
      leave.addEventListener('click', () => this.actions.leave(name));
      row.append(leave);
    }
    return row;
  }

  drawPeople(room) {
    const users = room === null ? [] : [...room.users.values()];
    const count = room?.userCount ?? 0;
    this.part('people', [users, count, this.chat.me?.id], () => {
      users.sort((a, b) => a.username.localeCompare(b.username));
      const rows = users.map((user) => {
        const row = element('li');
        row.append(avatar(user.id, user.username), element('span', 'who', user.username));
        if (user.id === this.chat.me?.id) row.append(element('span', 'guest', 'you'));
        else if (user.guest) row.append(element('span', 'guest', 'guest'));
        return row;
      });
      if (count > users.length) {
        rows.push(element('li', 'count', `and ${count - users.length} more`));
      }
      this.ui.people.replaceChildren(...rows);
      this.ui['people-count'].textContent = count > 0 ? count : '';
    });
  }

  drawRoom(room) {
    const {ui} = this;
    const name = room?.name ?? null;
    if (this.draftOf !== name) this.swapDraft(name);
    const count = room?.userCount ?? 0;
    this.part('room', [name, room?.phase, room?.error, count], () => {
      ui['room-title'].textContent = name ?? 'No room';
      ui['room-size'].textContent = count > 0 ? `${count} here` : '';
      ui.text.disabled = room === null;
      ui.send.disabled = room === null;
      ui.text.placeholder = room === null ? 'Join a room to talk' : `Message ${name}`;
    });
    const empty = this.emptyText(room);
    ui.empty.hidden = empty === '';
    if (ui.empty.textContent !== empty) ui.empty.textContent = empty;
    const names = room === null ? [] : [...room.typing.values()].map((typist) => typist.name);
    const text = typingText(names);
    if (ui.typing.textContent !== text) ui.typing.textContent = text;
  }

  emptyText(room) {
    if (room === null) return 'You are in no room. Choose one, or press / to join another.';
    if (room.phase === 'refused') return `You cannot come in: ${room.error}`;
    if (room.timeline.entries.length > 0 || room.outbox.length > 0) return '';
    return room.phase === 'joined' ? 'Nothing was said here yet. Begin!' : 'Coming in…';
  }

  // -- What the user does

  listen() {
    const {ui} = this;
    ui.composer.addEventListener('submit', (event) => this.submit(event));
    ui.text.addEventListener('keydown', (event) => this.onComposerKey(event));
    ui.text.addEventListener('input', () => this.onInput());
    ui['join-form'].addEventListener('submit', (event) => {
      event.preventDefault();
      const name = ui['join-name'].value.trim();
      ui['join-name'].value = '';
      if (name !== '') this.enter(name);
    });
    ui.retry.addEventListener('click', () => this.chat.connection.retryNow());
    ui['banner-close'].addEventListener('click', () => this.banner(''));
    ui['open-menu'].addEventListener('click', () => this.menu(true));
    ui['close-menu'].addEventListener('click', () => this.menu(false));
    ui['sign-out'].addEventListener('click', () => this.actions.signOut());
    ui.rename.addEventListener('click', () => this.askName());
    ui['name-cancel'].addEventListener('click', () => ui['name-dialog'].close());
    ui['name-form'].addEventListener('submit', () => this.actions.setName(ui.name.value.trim()));
    document.querySelector('main').addEventListener('click', (event) => {
      if (event.target === event.currentTarget) this.menu(false);
    });
    document.querySelector('.skip').addEventListener('click', (event) => {
      event.preventDefault(); // The part of the address behind # names a room.
      ui.text.focus();
    });
    document.addEventListener('keydown', (event) => this.onKey(event));
  }

  onKey(event) {
    const typing = event.target.closest?.('input, textarea') !== null;
    const slash = event.key === '/' && !typing && !event.ctrlKey && !event.metaKey;
    const k = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey);
    if (slash || k) {
      event.preventDefault();
      this.menu(true);
      this.ui['join-name'].focus();
    } else if (event.key === 'Escape' && !this.ui['name-dialog'].open) {
      this.menu(false);
      this.ui.text.focus();
    }
  }

  onComposerKey(event) {
    // While an input method composes, Enter belongs to it.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit(event);
  }

  onInput() {
    this.fit();
    this.note('');
    if (this.chat.active === null) return;
    const typing = this.ui.text.value.trim() !== '';
    this.chat.tellTyping(this.chat.active, typing);
    this.clock.clearTimeout(this.stopped);
    const room = this.chat.active;
    if (typing) this.stopped = this.clock.setTimeout(() => this.chat.tellTyping(room, false), 4000);
  }

  submit(event) {
    event.preventDefault();
    this.clock.clearTimeout(this.stopped);
    const result = this.chat.say(this.chat.active, this.ui.text.value);
    if (result === 'too_long') {
      this.note('This is too long for one message: shorten it or send it in parts.');
    } else if (result === 'ok') {
      this.ui.text.value = '';
      this.fit();
      this.messages.scrollToEnd();
    }
    this.ui.text.focus();
  }

  edit(id) {
    const text = this.room()?.takeBack(id) ?? null;
    if (text === null) return;
    const {text: box} = this.ui;
    box.value = box.value === '' ? text : `${text}\n${box.value}`;
    this.fit();
    box.focus();
  }

  enter(name) {
    this.actions.enter(name);
    this.menu(false);
    this.ui.text.focus();
  }

  swapDraft(name) {
    if (this.draftOf !== null) this.drafts.set(this.draftOf, this.ui.text.value);
    this.draftOf = name;
    this.ui.text.value = this.drafts.get(name) ?? '';
    this.note('');
    this.fit();
  }

  fit() {
    const {text} = this.ui;
    text.style.height = 'auto';
    text.style.height = `${text.scrollHeight + 2}px`;
  }

  note(text) {
    this.ui['composer-note'].textContent = text;
  }

  banner(text) {
    this.ui['banner-text'].textContent = text;
    this.ui.banner.hidden = text === '';
  }

  menu(open) {
    document.body.classList.toggle('menu', open);
    this.ui['open-menu'].setAttribute('aria-expanded', String(open));
  }

  askName() {
    this.ui.name.value = this.chat.me?.username ?? '';
    this.ui['name-dialog'].showModal();
    this.ui.name.select();
  }
}
