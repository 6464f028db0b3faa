// A comparison of two servers: ratios with their intervals, and the pairs they come from.

import {element, figure, section, table} from './elements.js';
import {count, duration, plural, rate, ratio} from './format.js';
import {merged, percentiles} from './histogram.js';
import {axis, draw, line, place, valueAxis, zeroScale} from './plot.js';
import {forest} from './forest.js';
import {percentilePlot} from './run_plots.js';
import {band, verdictWord} from './verdict.js';

const p = (run, percent) => (run.latency?.count > 0
  ? percentiles(run.latency, [percent])[0] : null);
const isBetter = ({metric, median}) => /deliver|publication|connect|rate/.test(metric)
  === median > 1;

// "b delivers 1.24 times as much as a", as far as the ratio tells it.
function sentenceOf({metric, median, low, high, conclusive}) {
  const figures = `${ratio(median)} (${ratio(low)} to ${ratio(high)})`;
  if (!conclusive) {
    return low > 1 || high < 1 ? `${metric}: ${figures}, of too few pairs to conclude from.`
      : `${metric}: ${figures}, which the noise does not tell from 1.`;
  }
  return `${metric}: ${figures}; b is ${isBetter({metric, median}) ? 'better' : 'worse'}.`;
}

// How b does beside a: state, mark and word of the verdict.
function outcomeOf(ratios) {
  const told = ratios.filter(({conclusive}) => conclusive);
  const better = told.filter(isBetter).length;
  if (told.length === 0) return ['neutral', '≈', 'No difference that can be told'];
  if (better === told.length) return ['good', '✓', 'b is better'];
  if (better === 0) return ['bad', '✕', 'b is worse'];
  return ['neutral', '≠', 'b is better in some, worse in others'];
}

function pairPlot(host, pairs, {label, text, of}) {
  draw(host, {
    label,
    height: 200,
    padding: [12, 14, 0, 0],
    scales: {x: {time: false, range: () => [0.5, pairs.length + 0.5]}, y: zeroScale()},
    axes: [axis({values: (_, splits) => splits.map((at) => (Number.isInteger(at) ? at : '')),
      incrs: [1, 2, 5, 10, 20, 50, 100]}), valueAxis('y', text)],
    series: [place('pair', String),
      ...['a', 'b'].map((side, index) => line(side, index === 0 ? 'series-2' : 'accent',
        text, {scale: 'y', points: {show: true, size: 8}}))],
  }, [pairs.map((_, index) => index + 1), ...['a', 'b'].map((side) => pairs.map((pair) => of(
    pair[side])))]);
}

function pairsTable(pairs) {
  const over = (b, a) => (a > 0 && b !== null ? ratio(b / a) : '–');
  return table(['pair', '>deliveries a', '>b', '>b / a', '>p99 a', '>b', '>b / a', '>lost a / b',
    'runs'], pairs.map(({a, b}, index) => [
    String(index + 1), rate(a.rates?.deliveries), rate(b.rates?.deliveries),
    over(b.rates?.deliveries, a.rates?.deliveries), duration(p(a, 99)), duration(p(b, 99)),
    over(p(b, 99), p(a, 99)), `${count(a.total?.lost)} / ${count(b.total?.lost)}`,
    `${verdictWord(a.verdict)} / ${verdictWord(b.verdict)}`]), 'The pairs');
}

// What followed --a or --b on the command line.
function commandOf(side, command = []) {
  const at = command.indexOf(`--${side}`);
  const joined = command.find((word) => word.startsWith(`--${side}=`));
  return at === -1 ? joined?.slice(4) : command[at + 1];
}

export function compareView({pairs = [], ratios = [], command}) {
  const names = ['a', 'b'].map((side) => `${side}: ${commandOf(side, command) ?? 'a server'}`);
  const invalid = pairs.flatMap((pair) => [pair.a, pair.b])
    .filter(({verdict}) => verdict?.valid === false).length;
  const [state, mark, word] = invalid > 0 ? ['invalid', '!', 'Invalid'] : outcomeOf(ratios);

  const percentile = figure('Latency percentiles', 'All runs of each side added up.', true);
  const deliveries = figure('Deliveries, pair by pair', 'A second.');
  const tail = figure('p99, pair by pair', 'Runs of a pair followed each other.');
  const places = [percentile, deliveries, tail];
  const nodes = [
    band(state, mark, word,
      invalid > 0 ? `${plural(invalid, 'run')} invalid: the generator was the bottleneck.` : '',
      element('ul', {class: 'sides'}, names.map((name) => element('li', {}, name))),
      element('ul', {}, ratios.map((one) => element('li', {}, sentenceOf(one))))),
    section('b over a, with 95 % confidence',
      forest(ratios.map((one) => ({name: one.metric, ...one})))),
    element('div', {class: 'figures'}, places.map(({node}) => node)),
    section('The pairs', pairsTable(pairs)),
  ];
  const plot = () => {
    if (pairs.length === 0) return;
    percentilePlot(percentile.host, ['a', 'b'].map((side, index) => ({name: names[index],
      ink: index === 0 ? 'series-2' : 'accent',
      distribution: merged(pairs.map((pair) => pair[side].latency))})));
    pairPlot(deliveries.host, pairs, {label: 'Deliveries of each pair', text: rate,
      of: ({rates}) => rates?.deliveries ?? null});
    pairPlot(tail.host, pairs, {label: 'p99 of each pair', text: duration,
      of: (run) => p(run, 99)});
  };
  return {nodes, plot, word};
}
