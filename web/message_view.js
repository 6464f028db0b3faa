// The list of a room's messages: draws what changed and keeps the reader's place.
//
// Security  Whatever came from the network becomes text nodes, never markup. The only attribute it
//           reaches is the href of a link, after linkParts() saw http: or https: in front.

import {day, hue, initials, linkParts, time} from './format.js';

const groupMs = 5 * 60_000;
const bottomPx = 60; // So near to the end counts as reading the newest.

export function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

export function avatar(id, name) {
  const node = element('span', `avatar ${hue(id)}`, initials(name));
  node.setAttribute('aria-hidden', 'true');
  return node;
}

export class MessageView {
  // `actions`: loadOlder(), resend(id), edit(id).
  constructor(document, clock, actions) {
    this.clock = clock;
    this.actions = actions;
    this.scroller = document.getElementById('scroller');
    this.list = document.getElementById('messages');
    this.older = document.getElementById('older');
    this.toNewest = document.getElementById('to-newest');
    this.rows = new Map(); // Key to {node, stamp}.
    this.room = null;
    this.version = -1;
    this.blocked = 0;
    this.atBottom = true;
    this.scroller.addEventListener('scroll', () => this.onScroll(), {passive: true});
    this.toNewest.addEventListener('click', () => this.scrollToEnd());
    new ResizeObserver(() => this.atBottom && this.scrollToEnd()).observe(this.scroller);
  }

  // Draws `room` (null: none). `blockedSeconds`: how long the rate limit still holds.
  draw(room, blockedSeconds) {
    const switched = room !== this.room;
    if (!switched && room?.version === this.version && blockedSeconds === this.blocked) return;
    if (switched) this.clear(room);
    this.version = room?.version ?? -1;
    this.blocked = blockedSeconds;
    this.older.hidden = room?.request?.before === undefined;
    const wasAtBottom = this.atBottom;
    const anchor = wasAtBottom ? null : this.anchor();
    this.place(room === null ? [] : this.wanted(room));
    if (room !== null) this.tellFates(room.outbox, blockedSeconds);
    if (wasAtBottom) this.scrollToEnd();
    else if (anchor !== null) this.restore(anchor);
    // What is drawn at once on entering a room is not news to be read aloud.
    if (switched) requestAnimationFrame(() => this.scroller.removeAttribute('aria-busy'));
    this.fill();
  }

  clear(room) {
    if (this.room !== null) this.room.readsOlder = false;
    this.room = room;
    this.rows.clear();
    this.list.replaceChildren();
    this.atBottom = true;
    this.scroller.setAttribute('aria-busy', 'true');
  }

  // The rows to show, in order: {key, stamp, make}. A row with an unchanged stamp is kept.
  wanted(room) {
    const rows = [];
    let previous = null;
    for (const entry of room.timeline.entries) {
      if (entry.hidden) continue;
      if (entry.kind === 'message') {
        this.pushDay(rows, entry, previous);
        const joined = this.continues(entry, previous);
        rows.push({key: entry.key, stamp: joined, make: () => this.message(entry, joined)});
        previous = entry;
      } else {
        const stamp = `${entry.from}-${entry.to}-${entry.lost}`;
        rows.push({key: entry.key, stamp, make: () => this.notice(entry)});
        previous = null;
      }
    }
    for (const item of room.outbox) {
      const make = () => this.pending(item);
      rows.push({key: `out:${item.id}`, stamp: item.state, make});
    }
    return rows;
  }

  pushDay(rows, entry, previous) {
    const name = day(entry.timestamp);
    if (previous !== null && day(previous.timestamp) === name) return;
    const make = () => element('li', 'divider', name);
    rows.push({key: `day:${entry.key}`, stamp: name, make});
  }

  continues(entry, previous) {
    return previous !== null && previous.userId === entry.userId && previous.user === entry.user
      && entry.timestamp - previous.timestamp < groupMs
      && day(previous.timestamp) === day(entry.timestamp);
  }

  // Makes the list's children equal to `rows`, touching only what differs.
  place(rows) {
    const keep = new Map();
    let next = this.list.firstChild;
    for (const {key, stamp, make} of rows) {
      const old = this.rows.get(key);
      const fresh = old === undefined || old.stamp !== stamp;
      const node = fresh ? make() : old.node;
      keep.set(key, {node, stamp});
      if (node === next) next = next.nextSibling;
      else this.list.insertBefore(node, next);
    }
    const kept = new Set([...keep.values()].map(({node}) => node));
    for (const {node} of this.rows.values()) {
      if (!kept.has(node)) node.remove();
    }
    this.rows = keep;
  }

  // -- Rows

  message(entry, joined) {
    const row = element('li', `message${entry.mine ? ' mine' : ''}${joined ? ' joined' : ''}`);
    row.dataset.seq = entry.seq;
    const head = element('div', 'head');
    head.append(element('span', 'who', entry.user));
    if (entry.guest) head.append(element('span', 'guest', 'guest'));
    if (entry.mine) head.append(element('span', 'guest', 'you'));
    const stamp = element('time', '', time(entry.timestamp));
    stamp.dateTime = new Date(entry.timestamp).toISOString();
    head.append(stamp);
    const bubble = this.bubble(entry.text);
    bubble.title = new Date(entry.timestamp).toLocaleString();
    row.append(avatar(entry.userId, entry.user), head, bubble);
    return row;
  }

  bubble(text) {
    const bubble = element('div', 'bubble');
    for (const part of linkParts(text)) {
      if (part.href === undefined) {
        bubble.append(part.text);
      } else {
        const link = element('a', '', part.text);
        link.href = part.href;
        link.target = '_blank';
        link.rel = 'noopener noreferrer nofollow';
        bubble.append(link);
      }
    }
    return bubble;
  }

  notice(entry) {
    if (entry.kind === 'reset') {
      return element('li', 'divider gap', 'The room began anew; what is above is from before');
    }
    const count = entry.to - entry.from + 1;
    const what = count === 1 ? '1 message' : `${count} messages`;
    const text = entry.lost ? `${what} here can no longer be had` : `Fetching ${what}…`;
    return element('li', 'divider gap', text);
  }

  pending(item) {
    const row = element('li', `message mine pending ${item.state}`);
    const fate = element('div', 'fate');
    fate.append(element('span'));
    if (item.state === 'unsure' || item.state === 'refused') {
      fate.append(this.button('Send again', () => this.actions.resend(item.id)));
    }
    if (item.state !== 'sent' && item.state !== 'adrift') {
      fate.append(this.button('Edit', () => this.actions.edit(item.id)));
    }
    row.append(element('span'), this.bubble(item.text), fate);
    return row;
  }

  // In place: a countdown must neither be read aloud each second nor take the focus from a button.
  tellFates(outbox, blockedSeconds) {
    outbox.forEach((item, index) => {
      const span = this.rows.get(`out:${item.id}`).node.querySelector('.fate span');
      const text = this.fateText(item, index === 0 ? blockedSeconds : 0);
      if (span.textContent !== text) span.textContent = text;
    });
  }

  fateText(item, blockedSeconds) {
    if (item.state === 'sent') return 'Sending…';
    if (item.state === 'unsure') return 'This may not have arrived.';
    if (item.state === 'refused') return `Not sent: ${item.error}`;
    if (blockedSeconds > 0) return `You are fast: goes out in ${blockedSeconds} s.`;
    return 'Waits to be sent.';
  }

  button(text, action) {
    const node = element('button', 'quiet', text);
    node.type = 'button';
    node.addEventListener('click', action);
    return node;
  }

  // -- Scrolling

  onScroll() {
    const {scrollTop, scrollHeight, clientHeight} = this.scroller;
    this.atBottom = scrollHeight - scrollTop - clientHeight < bottomPx;
    if (this.room !== null) this.room.readsOlder = !this.atBottom;
    this.toNewest.hidden = this.atBottom;
    if (scrollTop < 200 && !this.atBottom) this.actions.loadOlder();
  }

  // A room whose messages do not fill the window cannot be scrolled: it is filled.
  fill() {
    const {scrollHeight, clientHeight} = this.scroller;
    if (this.room !== null && scrollHeight <= clientHeight) this.actions.loadOlder();
  }

  scrollToEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.atBottom = true;
    this.toNewest.hidden = true;
    if (this.room !== null) this.room.readsOlder = false;
  }

  // The first message in view, by key: its row may be drawn anew.
  anchor() {
    const top = this.scroller.scrollTop + this.scroller.offsetTop;
    for (const [key, {node}] of this.rows) {
      const inView = node.offsetTop + node.offsetHeight > top;
      if (inView && node.dataset.seq !== undefined) return {key, top: node.offsetTop};
    }
    return null;
  }

  restore({key, top}) {
    const row = this.rows.get(key);
    if (row !== undefined) this.scroller.scrollTop += row.node.offsetTop - top;
  }
}
