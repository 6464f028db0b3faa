// The plots of one run, but for the heat map.

import {figure} from './elements.js';
import {bytes, cores, duration, rate, seconds} from './format.js';
import {binned, percentiles} from './histogram.js';
import {axis, byteSteps, canvasFont, draw, line, logScale, paths, pixelRatio, place, valueAxis,
  zeroScale} from './plot.js';
import {drawPhases, phasePadding, phasesOf, stepped, timeAxis, timeScale} from './phases.js';
import {color} from './theme.js';

// -- Percentiles: the horizontal axis is the number of nines, so that tails have room.

const marks = [50, 90, 99, 99.9, 99.99, 99.999];
const ninesOf = (percent) => -Math.log10(1 - percent / 100);
const ninesMax = 5;
const narrow = 460; // Pixels below which only some of the marks have room for their name.
const grid = Array.from({length: 251}, (_, index) => index / 250 * ninesMax);
const percentOf = (nines) => 100 * (1 - 10 ** -nines);
const percentName = (nines) => `${Number(percentOf(nines).toPrecision(6))} %`;

const markNames = ({width}, at) => at.map((nines, index) => (width < narrow
  && [0, 4].includes(index) ? '' : percentName(nines)));

// "p99.9 < 5ms" as {percent, ns}; null for other criteria.
export function latencyLimit(text) {
  const match = /^p(\d+(?:\.\d+)?)\s*<=?\s*([\d.]+)\s*(ns|us|µs|ms|s|m)$/.exec(text.trim());
  if (match === null) return null;
  const units = {ns: 1, us: 1e3, 'µs': 1e3, ms: 1e6, s: 1e9, m: 60e9};
  return {text, percent: Number(match[1]), ns: Number(match[2]) * units[match[3]]};
}

function drawLimits(limits) {
  return (plot) => {
    const {ctx, bbox} = plot;
    ctx.save();
    ctx.font = canvasFont();
    ctx.textBaseline = 'bottom';
    ctx.lineWidth = 2 * pixelRatio();
    ctx.setLineDash([]);
    for (const {text, percent, ns, holds} of limits) {
      const x = plot.valToPos(ninesOf(percent), 'x', true);
      const y = plot.valToPos(ns, 'y', true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      const reach = 26 * pixelRatio();
      ctx.strokeStyle = color(holds ? 'good' : 'bad');
      ctx.fillStyle = ctx.strokeStyle;
      ctx.beginPath();
      ctx.moveTo(x - reach, y);
      ctx.lineTo(x + reach, y);
      ctx.moveTo(x, y - 4 * pixelRatio());
      ctx.lineTo(x, y + 4 * pixelRatio());
      ctx.stroke();
      const half = ctx.measureText(text).width / 2;
      const middle = Math.min(Math.max(x, bbox.left + half), bbox.left + bbox.width - half);
      ctx.textAlign = 'center';
      ctx.fillText(text, middle, y - 5 * pixelRatio());
    }
    ctx.restore();
  };
}

// `lines`: [{name, ink, distribution, dash}]; those without values are left out.
export function percentilePlot(host, lines, limits = []) {
  const shown = lines.filter(({distribution}) => distribution?.count > 0);
  const percents = grid.map(percentOf);
  const values = shown.map(({distribution}) => percentiles(distribution, percents)
    .map((ns) => (ns === null ? null : Math.max(ns, 100))));
  const scale = logScale([...values.flat(), ...limits.map(({ns}) => ns)], [1e5, 1e8]);
  draw(host, {
    label: `Latency by percentile, logarithmic: ${shown.map(({name}) => name).join(', ')}`,
    height: 320,
    padding: [22, 32, 0, 0],
    scales: {x: {time: false, range: () => [0, ninesMax]}, y: scale},
    axes: [
      axis({splits: () => marks.map(ninesOf), values: markNames, space: 1}),
      valueAxis('y', duration),
    ],
    series: [place('percentile', percentName),
      ...shown.map(({name, ink, dash}) => line(name, ink, duration, {scale: 'y', dash}))],
    hooks: {draw: [drawLimits(limits)]},
  }, [grid, ...values]);
}

export function percentileFigure(run) {
  if (![run.latency, run.lag, run.connecting].some((one) => one?.count > 0)) return null;
  const {node, host} = figure('Latency percentiles',
    'Each mark to the right is ten times rarer. From the time a message was due to its receipt.',
    true);
  const limits = (run.verdict?.criteria ?? [])
    .map((criterion) => ({...latencyLimit(criterion.text), holds: criterion.holds}))
    .filter(({percent}) => percent > 0 && percent < 100);
  const plot = () => percentilePlot(host, [
    {name: 'delivery', ink: 'accent', distribution: run.latency},
    {name: 'behind schedule', ink: 'series-2', distribution: run.lag, dash: [6, 4]},
    ...(run.latency?.count > 0 ? []
      : [{name: 'connecting', ink: 'good', distribution: run.connecting}]),
  ], limits);
  return {node, plot};
}

// -- Over time

const stepAfter = paths.stepped({align: 1});

function timePlot(host, {run, label, lines, text, least, incrs, height = 190}) {
  const [{times}] = lines;
  const {columns, seconds: width} = binned(run.series ?? []);
  const fill = (ink) => () => `${color(ink)}22`;
  draw(host, {
    label,
    height,
    padding: phasePadding,
    scales: {x: timeScale(run, columns, width), y: zeroScale(least)},
    axes: [timeAxis(), valueAxis('y', text, incrs ? {incrs} : {})],
    series: [place('at', seconds),
      ...lines.map(({name, ink, path}, index) => line(name, ink, text, {paths: path,
        fill: index === 0 ? fill(ink) : undefined, scale: 'y'}))],
    cursor: {sync: {key: `time-${run.run}`}},
    hooks: {drawClear: [drawPhases(phasesOf(run))]},
  }, [times, ...lines.map(({values}) => values)]);
}

export function rateFigures(run) {
  const {columns, seconds: width} = binned(run.series ?? []);
  if (columns.length === 0) return [];
  const of = (name, ink) => ({name, ink, path: stepAfter,
    ...stepped(columns, width, (column) => column[name])});
  // Nothing is drawn of what never happened: idle connections publish nothing.
  const happened = ([, name]) => columns.some((column) => column[name] > 0);
  return [
    ['Deliveries', 'deliveries', 'accent', 'A second. Only the steady window counts.'],
    ['Publications', 'publications', 'series-3', 'A second, of all rooms.'],
    ['Connects', 'connects', 'good', 'A second. Members that are in their room.'],
    ['Errors', 'errors', 'bad', 'A second, of every kind.'],
  ].filter(happened).map(([title, name, ink, note]) => {
    const {node, host} = figure(title, note);
    const plot = () => timePlot(host, {run, label: `${title} over the run`, text: rate,
      lines: [of(name, ink)]});
    return {node, plot};
  });
}

export function serverFigures(run) {
  const samples = run.server?.samples ?? [];
  if (samples.length === 0) return [];
  const times = samples.map((sample) => sample.t_s);
  const make = (title, note, {name, ink, text, values, least, incrs}) => {
    const {node, host} = figure(title, note);
    const plot = () => timePlot(host, {run, label: `${title} over the run`, text, least, incrs,
      lines: [{name, ink, times, values}]});
    return {node, plot};
  };
  return [
    make('Server: processor', 'Cores in use.', {name: 'cores', ink: 'series-2', text: cores,
      values: samples.map(({cpu}) => cpu), least: 1}),
    make('Server: memory', 'Resident.', {name: 'memory', ink: 'series-4', text: bytes,
      values: samples.map((sample) => sample.rss_bytes), least: 2 ** 20, incrs: byteSteps}),
  ];
}
