import assert from 'node:assert/strict';
import {test} from 'node:test';

import * as format from '../format.js';

test('Durations, counts and bytes have three digits and a unit', () => {
  const cases = [[format.duration, 0, '0 ns'], [format.duration, 950, '950 ns'],
    [format.duration, 999_700, '1 ms'], [format.duration, 3_740_000, '3.74 ms'],
    [format.duration, 53_700_000, '53.7 ms'], [format.duration, 429e9, '429 s'],
    [format.duration, -12_300, '-12.3 µs'], [format.rate, 1_198_266, '1.2M/s'],
    [format.rate, 417, '417/s'], [format.short, 999.7, '1k'],
    [format.bytes, 47 * 2 ** 20, '47 MiB'],
    [format.bytes, 0, '0 B'], [format.percent, 0.583, '58.3 %'], [format.count, 1e6, '1,000,000'],
    [format.seconds, 0.4, '0.4 s'], [format.seconds, 3725, '62 min 5 s'],
    [format.ratio, 0.5, '0.50'], [format.ratio, 22.84, '22.8']];
  for (const [text, value, wanted] of cases) assert.equal(text(value), wanted);
});

test('What is not there reads as a dash', () => {
  for (const text of [format.duration, format.short, format.rate, format.bytes, format.percent,
    format.count, format.seconds, format.ratio, format.cores]) {
    assert.equal(text(undefined), '–');
    assert.equal(text(null), '–');
    assert.equal(text(Number.NaN), '–');
  }
});

test('A command line can be pasted into a shell', () => {
  assert.equal(format.commandLine(['parley-load', '--criteria', 'p99 < 5ms', "it's", '']),
    String.raw`parley-load --criteria 'p99 < 5ms' 'it'\''s' ''`);
});

test('Moments are told in UTC, and as they are when they are none', () => {
  assert.equal(format.moment('2026-11-25T09:12:04Z'), '2026-11-25 09:12:04 UTC');
  assert.equal(format.moment('yesterday'), 'yesterday');
});
