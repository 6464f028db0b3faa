// Distributions as docs/load-report.md describes them.

const unitNs = 100;
const linear = 2048; // Buckets of one unit; then half as many for each further power of two.

// The upper end of a bucket of `filled`.
export function bucketTopNs(index) {
  if (index < linear) return index * unitNs;
  const shift = Math.floor(index / (linear / 2)) - 1;
  const first = index - shift * (linear / 2);
  return ((first + 1) * 2 ** shift - 1) * unitNs;
}

// Distributions added exactly, as if all had been recorded into one.
export function merged(distributions) {
  const counts = new Map();
  let max = 0;
  let sum = 0;
  let total = 0;
  for (const {filled, max: largest, mean, count} of distributions) {
    for (const [bucket, number] of filled ?? []) {
      counts.set(bucket, (counts.get(bucket) ?? 0) + number);
    }
    max = Math.max(max, largest);
    sum += mean * count;
    total += count;
  }
  const filled = [...counts].sort(([a], [b]) => a - b);
  return {filled, max, count: total, mean: total === 0 ? 0 : sum / total};
}

// The least duration that `percent` of all do not pass, for each of `percents`, which rise.
export function percentiles(distribution, percents) {
  const {filled, count, max} = distribution;
  if (!count) return percents.map(() => null);
  if (!filled || filled.length === 0) return percents.map((p) => listed(distribution, p));
  const found = [];
  let index = 0;
  let seen = filled[0][1];
  for (const percent of percents) {
    const rank = Math.min(count, Math.max(1, Math.ceil(percent / 100 * count - 1e-6)));
    while (seen < rank && index + 1 < filled.length) {
      index += 1;
      seen += filled[index][1];
    }
    found.push(Math.min(bucketTopNs(filled[index][0]), max));
  }
  return found;
}

const listed = ({percentiles: list}, percent) => (list ?? [])
  .find(([known]) => Math.abs(known - percent) < 1e-9)?.[1] ?? null;

// A percentile of one column of the heat map: pairs of [bucket, count] and the buckets' upper ends.
export function coarsePercentile(pairs, tops, percent) {
  const total = pairs.reduce((sum, [, number]) => sum + number, 0);
  if (total === 0) return null;
  let seen = 0;
  const sorted = [...pairs].sort(([a], [b]) => a - b);
  for (const [bucket, number] of sorted) {
    seen += number;
    if (seen >= total * percent / 100 - 1e-6) return tops[bucket] ?? null;
  }
  return null;
}

// `series` in at most `columnsMax` columns of whole seconds each, rates per second:
// {seconds, columns: [{connects, publications, deliveries, errors, latency}]}.
export function binned(series, columnsMax = 600) {
  const seconds = Math.max(1, Math.ceil(series.length / columnsMax));
  const columns = [];
  for (let from = 0; from < series.length; from += seconds) {
    const part = series.slice(from, from + seconds);
    const mean = (name) => part.reduce((sum, second) => sum + second[name], 0) / part.length;
    const latency = new Map();
    for (const second of part) {
      for (const [bucket, number] of second.latency ?? []) {
        latency.set(bucket, (latency.get(bucket) ?? 0) + number);
      }
    }
    columns.push({connects: mean('connects'), publications: mean('publications'),
      deliveries: mean('deliveries'), errors: mean('errors'), latency: [...latency]});
  }
  return {seconds, columns};
}
