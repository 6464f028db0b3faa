import assert from 'node:assert/strict';
import {test} from 'node:test';

import {binned, bucketTopNs, coarsePercentile, merged, percentiles} from '../histogram.js';

test('Buckets end where loadgen/truth/histogram.h ends them', () => {
  // Index, largest value in units of 100 ns.
  for (const [index, units] of [[0, 0], [2047, 2047], [2048, 2049], [3071, 4095], [3072, 4099],
    [4095, 8191], [4096, 8199]]) {
    assert.equal(bucketTopNs(index), units * 100);
  }
});

const distribution = {filled: [[10, 50], [20, 49], [30, 1]], count: 100, max: 2950, mean: 1500};

test('A percentile is the least value that so many do not pass, never above the maximum', () => {
  assert.deepEqual(percentiles(distribution, [0, 50, 50.5, 99, 99.5, 100]),
    [1000, 1000, 2000, 2000, 2950, 2950]);
  assert.deepEqual(percentiles({count: 0, filled: []}, [50]), [null]);
});

test('Without buckets the listed percentiles are taken', () => {
  const listed = {count: 7, percentiles: [[50, 1000], [99, 2000]], filled: []};
  assert.deepEqual(percentiles(listed, [50, 90, 99]), [1000, null, 2000]);
});

test('Merging adds exactly', () => {
  const twice = merged([distribution, {filled: [[5, 100]], count: 100, max: 500, mean: 500}]);
  assert.deepEqual(twice, {filled: [[5, 100], [10, 50], [20, 49], [30, 1]], count: 200, max: 2950,
    mean: 1000});
});

test('A column of the heat map has percentiles, whatever the order of its buckets', () => {
  assert.equal(coarsePercentile([[3, 1], [1, 99]], [100, 200, 300, 400], 99), 200);
  assert.equal(coarsePercentile([[3, 1], [1, 99]], [100, 200, 300, 400], 99.9), 400);
  assert.equal(coarsePercentile([], [100], 50), null);
});

test('A long run is shown in columns of several seconds: rates are means, latencies sums', () => {
  const series = Array.from({length: 5}, (_, second) => ({connects: 0, publications: 2,
    deliveries: second, errors: 0, latency: [[7, 1], [8, second]]}));
  const {seconds, columns} = binned(series, 3);
  assert.equal(seconds, 2);
  assert.deepEqual(columns.map(({deliveries}) => deliveries), [0.5, 2.5, 4]);
  assert.deepEqual(columns[1].latency, [[7, 2], [8, 5]]);
  assert.deepEqual(binned([]).columns, []);
});
