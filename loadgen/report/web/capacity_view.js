// A capacity search: how far it went, and what each value gave.

import {element, figure, section, table} from './elements.js';
import {count, duration, plural, rate, short} from './format.js';
import {percentiles} from './histogram.js';
import {axis, canvasFont, draw, line, logScale, pixelRatio, place, valueAxis, zeroScale}
  from './plot.js';
import {latencyLimit} from './run_plots.js';
import {runView} from './run_view.js';
import {color} from './theme.js';
import {band} from './verdict.js';

const p99 = ({latency}) => (latency?.count > 0 ? percentiles(latency, [99])[0] : null);

const outcomes = {
  held: {name: 'good', ink: 'good', text: '✓ good', good: true},
  broken: {name: 'not good', ink: 'bad', text: '✕ not good', bad: true},
  // The generator failed, so that the run was made again or says nothing.
  invalid: {name: 'invalid', ink: 'warn', text: '! invalid'},
};

// Of one run; whether its value holds is for all of its runs to say.
const outcomeOf = (run) => (run.verdict?.valid === false ? 'invalid'
  : run.verdict?.good ? 'held' : 'broken');

// [{value, outcome, run}] by rising value.
const triesOf = (curve) => curve.flatMap(({value, runs}) => runs.map((run) => ({value,
  outcome: outcomeOf(run), run}))).sort((a, b) => a.value - b.value);

const limitOf = ({criteria = ''}) => criteria.split(',').map(latencyLimit)
  .find((limit) => limit?.percent === 99) ?? null;

const middle = (values) => {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
};

// The answer as a vertical line, the criterion as a horizontal one.
function drawMarks(answer, limit) {
  return (plot) => {
    const {ctx, bbox} = plot;
    const mark = (ink, from, to) => {
      ctx.strokeStyle = color(ink);
      ctx.beginPath();
      ctx.moveTo(...from);
      ctx.lineTo(...to);
      ctx.stroke();
    };
    ctx.save();
    ctx.lineWidth = 1.5 * pixelRatio();
    ctx.setLineDash([6 * pixelRatio(), 4 * pixelRatio()]);
    if (answer !== null) {
      const x = plot.valToPos(answer, 'x', true);
      mark('good', [x, bbox.top], [x, bbox.top + bbox.height]);
    }
    if (limit !== null) {
      const y = plot.valToPos(limit.ns, 'y', true);
      mark('dim', [bbox.left, y], [bbox.left + bbox.width, y]);
      ctx.font = canvasFont();
      ctx.fillStyle = color('dim');
      ctx.textBaseline = 'bottom';
      ctx.textAlign = 'left';
      ctx.fillText(limit.text.trim(), bbox.left + 4 * pixelRatio(), y - 2 * pixelRatio());
    }
    ctx.restore();
  };
}

// Every run is a dot; a line goes through the middle ones.
function curvePlot(host, tries, {label, text, of, scale, varied, answer, limit = null}) {
  const xs = tries.map(({value}) => value);
  const when = (wanted) => tries.map(({outcome, run}) => (outcome === wanted ? of(run) : null));
  const counts = ({value, outcome}, x) => value === x && outcome !== 'invalid';
  const middles = xs.map((x, index) => (xs.indexOf(x) === index
    ? middle(tries.filter((one) => counts(one, x)).map(({run}) => of(run))) ?? undefined
    : undefined));
  const dots = (ink) => ({width: 0, stroke: () => color(ink), points: {show: true, size: 9,
    stroke: () => color(ink), fill: () => color(ink === 'good' ? ink : 'panel'), width: 2}});
  const kinds = Object.keys(outcomes).filter((kind) => tries.some(({outcome}) => outcome === kind));
  const room = Math.max(1, (xs.at(-1) - xs[0]) * 0.06);
  draw(host, {
    label,
    padding: [12, 18, 0, 0],
    scales: {x: {time: false, range: () => [Math.max(0, xs[0] - room), xs.at(-1) + room]},
      y: scale([...tries.map(({run}) => of(run)), limit?.ns ?? null])},
    axes: [axis({values: (_, splits) => splits.map((value) => short(value)), space: 60}),
      valueAxis('y', text)],
    series: [place(varied, short),
      line('middle', 'dim', text, {scale: 'y', width: 1.5, spanGaps: true}),
      ...kinds.map((kind) => line(outcomes[kind].name, outcomes[kind].ink, text,
        {scale: 'y', ...dots(outcomes[kind].ink)}))],
    hooks: {draw: [drawMarks(answer, limit)]},
  }, [xs, middles, ...kinds.map(when)]);
}

const holding = {true: {text: '✓ yes', good: true}, false: {text: '✕ no', bad: true}};

function triesTable(curve, valueText) {
  const row = ({value, held, runs}) => runs.map((run, index) => [
    index === 0 ? valueText(value) : '', index === 0 ? holding[held] : '',
    outcomes[outcomeOf(run)], duration(p99(run)), rate(run.rates?.deliveries),
    count(run.total?.lost),
    [...(run.verdict?.faults ?? []), ...(run.verdict?.invalid_because ?? []),
      ...(run.verdict?.criteria ?? []).filter(({holds}) => !holds)
        .map(({text, is}) => `${text}: is ${is}`)].join('; ') || '–',
  ]);
  return table(['tried', 'holds', 'run', '>p99', '>deliveries', '>lost', 'because'],
    curve.flatMap(row), 'In the order of trying');
}

export function capacityView({curve = [], varied, answer, limited_by_generator: limited,
  plan = {}}) {
  const valueText = (value) => (varied === 'rate' ? rate(value) : plural(value, 'connection'));
  const tries = triesOf(curve);
  const found = answer !== null && answer !== undefined;
  const word = found ? `Holds ${valueText(answer)}` : 'Nothing held';
  const criteria = plan.criteria ? `Criteria: ${plan.criteria}.` : '';
  const above = curve.filter(({value, held}) => !held && (!found || value > answer))
    .reduce((least, {value}) => Math.min(least, value), Infinity);
  const next = found && above < Infinity
    ? `The next value that did not hold: ${valueText(above)}.` : '';
  const lower = limited ? 'Above that the generator was the limit: the server may hold more.' : '';
  const sentence = [criteria, next, lower].filter(Boolean).join(' ');

  const places = [
    [figure('p99 against what was asked for', `Asked for: ${varied}. Each dot is a run.`),
      {label: 'p99 by value tried', text: duration, of: p99, limit: limitOf(plan),
        scale: (values) => logScale(values, [1e5, 1e8])}],
    [figure('Deliveries against what was asked for', 'A second. Each dot is a run.'),
      {label: 'Deliveries by value tried', text: rate,
        of: ({rates}) => rates?.deliveries ?? null, scale: () => zeroScale()}],
  ];
  const last = curve.find(({value, held}) => held && value === answer)
    ?.runs.findLast(({verdict}) => verdict?.valid !== false);
  const view = last === undefined ? null : runView(last);
  const nodes = [
    band(found ? 'good' : 'bad', found ? '✓' : '✕', word, sentence),
    element('div', {class: 'figures'}, places.map(([{node}]) => node)),
    section('In the order of trying', triesTable(curve, valueText)),
    ...(view === null ? [] : [element('h2', {class: 'part'}, `A run at ${valueText(answer)}`),
      ...view.nodes]),
  ];
  const plot = () => {
    if (tries.length > 0) {
      for (const [{host}, options] of places) {
        curvePlot(host, tries, {...options, varied, answer: found ? answer : null});
      }
    }
    view?.plot();
  };
  return {nodes, plot, word};
}
