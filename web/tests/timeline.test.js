import assert from 'node:assert/strict';
import test from 'node:test';

import {Timeline} from '../timeline.js';

const message = (seq) => ({seq, text: `t${seq}`});
const shape = (timeline) => timeline.entries.map((entry) => {
  if (entry.kind === 'message') return entry.seq;
  return entry.kind === 'gap' ? [entry.from, entry.to, entry.lost] : 'reset';
});

// A generator of its own, so that a failure can be repeated.
function randomFrom(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('numbers in any order end up sorted, once, with gaps for the rest', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = randomFrom(seed);
    const timeline = new Timeline();
    const start = random(20);
    timeline.startAt(start);
    const seen = new Set();
    for (let step = 0; step < 60; step += 1) {
      const seq = 1 + random(40);
      const answer = timeline.insert(message(seq));
      assert.equal(answer === 'duplicate', seen.has(seq), `seed ${seed} step ${step}`);
      seen.add(seq);
      const covered = timeline.entries.flatMap((entry) => {
        if (entry.kind === 'message') return [entry.seq];
        return Array.from({length: entry.to - entry.from + 1}, (_, index) => entry.from + index);
      });
      const whole = covered.map((_, index) => timeline.first + index);
      assert.deepEqual(covered, whole, `seed ${seed} step ${step}`);
      assert.equal(covered[covered.length - 1], timeline.last);
      const messages = timeline.entries.filter(({kind}) => kind === 'message');
      assert.equal(messages.length, seen.size);
      assert.equal(new Set(timeline.entries.map(({key}) => key)).size, timeline.entries.length);
    }
  }
});

test('a lost range splits what could still be repaired', () => {
  const timeline = new Timeline();
  timeline.startAt(0);
  timeline.insert(message(1));
  timeline.insert(message(10));
  timeline.markGap(3, 5, true);
  assert.deepEqual(shape(timeline), [1, [2, 2, false], [3, 5, true], [6, 9, false], 10]);
  assert.deepEqual(timeline.hole(), {from: 2, to: 2});
  timeline.markGap(1, 2, true);
  timeline.markGap(6, 9, true);
  assert.deepEqual(shape(timeline), [1, [2, 9, true], 10]);
  assert.equal(timeline.hole(), null);
});

test('a gap beyond the last number covers what lies between', () => {
  const timeline = new Timeline();
  timeline.startAt(0);
  timeline.insert(message(1));
  timeline.markGap(4, 6, true);
  assert.deepEqual(shape(timeline), [1, [2, 3, false], [4, 6, true]]);
  assert.equal(timeline.last, 6);
});

test('trimming keeps the newest, and the rest can be paged in again', () => {
  const timeline = new Timeline();
  timeline.startAt(0);
  for (let seq = 1; seq <= 10; seq += 1) timeline.insert(message(seq));
  assert.equal(timeline.trim(4), true);
  assert.equal(timeline.trim(4), false);
  assert.equal(timeline.first, 7);
  assert.equal(timeline.insert(message(6)), 'older');
  assert.deepEqual(shape(timeline), [6, 7, 8, 9, 10]);
});

test('trimming across a reset keeps the new life whole', () => {
  const timeline = new Timeline();
  timeline.startAt(0);
  for (let seq = 1; seq <= 3; seq += 1) timeline.insert(message(seq));
  timeline.beginAnew(0);
  for (let seq = 1; seq <= 3; seq += 1) timeline.insert(message(seq));
  assert.deepEqual(shape(timeline), [1, 2, 3, 'reset', 1, 2, 3]);
  timeline.trim(5);
  assert.deepEqual(shape(timeline), [3, 'reset', 1, 2, 3]);
  assert.equal(timeline.insert(message(2)), 'duplicate');
  timeline.trim(2);
  assert.deepEqual(shape(timeline), [2, 3]);
  assert.equal(timeline.first, 2);
});
