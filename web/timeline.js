// What is known of a room's numbered messages: between its first and last number each one is
// either here or inside a gap, and nothing is here twice.
//
// A room that begins anew (another epoch) counts from 1 again: what was seen before stays above a
// `reset` line, and numbers apply to what is below it.

// Entries: {kind: 'message', seq, key, ...} | {kind: 'gap', from, to, lost, key}
//        | {kind: 'reset', key}. Keys are unique in the timeline.
export class Timeline {
  constructor() {
    this.entries = [];
    this.life = 0; // How many times the room began anew.
    this.lifeStart = 0; // Index of the first entry of this life.
    this.first = 1; // The span of numbers known of: first..last, empty when last < first.
    this.last = 0;
    this.echoes = new Map(); // Client ids of messages, to their text; see insert().
  }

  // Before anything was seen: the room's last number is `seq`.
  startAt(seq) {
    this.first = seq + 1;
    this.last = seq;
  }

  isEmpty() {
    return this.last < this.first;
  }

  // Returns 'new', 'filled' (it closes part of a gap), 'older' or 'duplicate'. A copy that its
  // sender sent again, because a cut hid the first one's fate, counts as 'duplicate' as well.
  insert(message) {
    const seq = message.seq;
    const repeated = message.id !== undefined && this.echoes.get(message.id) === message.text;
    const entry = {...message, kind: 'message', key: `${this.life}:${seq}`, hidden: repeated};
    const at = this.indexOf(seq);
    if (seq > this.last) {
      if (seq > this.last + 1) this.pushGap(this.last + 1, seq - 1);
      this.entries.push(entry);
      this.last = seq;
    } else if (seq < this.first) {
      const gap = seq < this.first - 1 ? [this.gapEntry(seq + 1, this.first - 1)] : [];
      this.entries.splice(this.lifeStart, 0, entry, ...gap);
      this.first = seq;
    } else if (this.entries[at].kind === 'gap') {
      this.fill(at, entry);
    } else {
      return 'duplicate';
    }
    if (message.id !== undefined && !repeated) this.echoes.set(message.id, message.text);
    if (repeated) return 'duplicate';
    if (at === -1) return seq === this.last ? 'new' : 'older';
    return 'filled';
  }

  // The server will not deliver from..to by itself; `lost`: nor when asked.
  markGap(from, to, lost) {
    const start = Math.max(from, this.first);
    for (let i = this.lifeStart; i < this.entries.length && lost; i += 1) {
      const entry = this.entries[i];
      if (entry.kind === 'gap' && entry.from <= to && entry.to >= start) {
        i += this.markPartLost(i, start, to);
      }
    }
    if (to > this.last) {
      if (start > this.last + 1) this.pushGap(this.last + 1, start - 1);
      this.pushGap(Math.max(start, this.last + 1), to, lost);
      this.last = to;
    }
    this.mergeLost();
  }

  // The first gap that may still be repaired.
  hole() {
    for (let i = this.lifeStart; i < this.entries.length; i += 1) {
      const entry = this.entries[i];
      if (entry.kind === 'gap' && !entry.lost) return {from: entry.from, to: entry.to};
    }
    return null;
  }

  beginAnew(seq) {
    this.life += 1;
    if (this.entries.length > 0) this.entries.push({kind: 'reset', key: `reset:${this.life}`});
    this.lifeStart = this.entries.length;
    this.echoes.clear();
    this.startAt(seq);
  }

  // Forgets the oldest entries, which can be paged in again. Returns whether there were any.
  trim(countMax) {
    const excess = this.entries.length - countMax;
    if (excess <= 0) return false;
    const removed = this.entries.splice(0, excess);
    if (excess > this.lifeStart) {
      const end = removed[removed.length - 1];
      this.first = (end.kind === 'gap' ? end.to : end.seq) + 1;
    }
    this.lifeStart = Math.max(0, this.lifeStart - excess);
    for (const entry of removed) this.echoes.delete(entry.id);
    return true;
  }

  // Index of the entry that holds the number, -1 when it is outside of what is known. From the
  // end: most numbers asked for are recent.
  indexOf(seq) {
    if (seq < this.first || seq > this.last) return -1;
    for (let i = this.entries.length - 1; i >= this.lifeStart; i -= 1) {
      const entry = this.entries[i];
      const from = entry.kind === 'gap' ? entry.from : entry.seq;
      if (from <= seq) return i;
    }
    return -1;
  }

  gapEntry(from, to, lost = false) {
    return {kind: 'gap', from, to, lost, key: `${this.life}:gap:${from}`};
  }

  pushGap(from, to, lost = false) {
    this.entries.push(this.gapEntry(from, to, lost));
  }

  fill(at, entry) {
    const gap = this.entries[at];
    const parts = [];
    if (gap.from < entry.seq) parts.push(this.gapEntry(gap.from, entry.seq - 1, gap.lost));
    parts.push(entry);
    if (gap.to > entry.seq) parts.push(this.gapEntry(entry.seq + 1, gap.to, gap.lost));
    this.entries.splice(at, 1, ...parts);
  }

  // Returns by how many entries the list grew.
  markPartLost(at, from, to) {
    const gap = this.entries[at];
    if (gap.lost) return 0;
    const parts = [];
    if (gap.from < from) parts.push(this.gapEntry(gap.from, from - 1));
    parts.push(this.gapEntry(Math.max(gap.from, from), Math.min(gap.to, to), true));
    if (gap.to > to) parts.push(this.gapEntry(to + 1, gap.to));
    this.entries.splice(at, 1, ...parts);
    return parts.length - 1;
  }

  mergeLost() {
    for (let i = this.entries.length - 1; i > this.lifeStart; i -= 1) {
      const [before, entry] = [this.entries[i - 1], this.entries[i]];
      if (before.kind === 'gap' && entry.kind === 'gap' && before.lost && entry.lost) {
        before.to = entry.to;
        this.entries.splice(i, 1);
      }
    }
  }
}
