// Everything about one run.

import {element, folded, section, table, tiles} from './elements.js';
import {bytes, cores, count, duration, percent, plain, plural, rate, seconds} from './format.js';
import {heatMapFigure} from './heat_map.js';
import {percentiles} from './histogram.js';
import {percentileFigure, rateFigures, serverFigures} from './run_plots.js';

const p = (distribution, percentage) => (distribution
  ? percentiles(distribution, [percentage])[0] : null);

export function runTiles(run) {
  const {rates = {}, latency, total = {}} = run;
  const lost = total.lost ?? 0;
  return tiles([
    {name: 'Deliveries', value: rate(rates.deliveries),
      note: `${rate(rates.publications)} published`},
    {name: 'p50', value: duration(p(latency, 50))},
    {name: 'p99', value: duration(p(latency, 99))},
    {name: 'p99.9', value: duration(p(latency, 99.9))},
    {name: 'max', value: duration(latency?.count ? latency.max : null)},
    {name: 'Connections', value: count(total.connects),
      note: `${rate(rates.connects)} in the ramp`},
    {name: 'Lost', value: count(lost), bad: lost > 0},
  ]);
}

const rowsOfCounts = [
  ['connects', 'connects'],
  ['deliveries to slow readers', 'slow_deliveries'],
  ['skipped: no publisher was there', 'skipped'],
  ['other frames', 'other_frames'],
  ['sends (system calls)', 'sends'],
  ['receives (system calls)', 'receives'],
];
const rowsOfFaults = [
  ['lost', 'lost'], ['duplicates', 'duplicates'], ['out of order', 'reordered'],
  ['of another room', 'leaks'], ['damaged', 'damaged'], ['disconnects', 'disconnects'],
  ['of another run', 'foreign'],
];

const messagesTable = ({rates = {}, steady = {}, total = {}}) => table(
  ['messages', '>a second', '>steady window', '>whole run'],
  ['publications', 'deliveries'].map((name) => [name, rate(rates[name]), count(steady[name]),
    count(total[name])]), 'Messages');

const faultsTable = ({total = {}}) => table(['faults', '>whole run'],
  rowsOfFaults.map(([name, key]) => [name, {text: count(total[key]), bad: total[key] > 0,
    good: total[key] === 0}]), 'Faults');

const countsTable = ({total = {}}) => table(['other counts', '>whole run'], [
  ...rowsOfCounts.map(([name, key]) => [name, count(total[key])]),
  ['bytes sent', bytes(total.bytes_sent)],
  ['bytes received', bytes(total.bytes_received)],
  ['bytes that the server did not take', bytes(total.bytes_unsent)],
], 'Other counts');

const percentages = [50, 90, 99, 99.9, 99.99, 99.999];

function latencyTable({latency, lag, connecting}) {
  const columns = [latency, lag, connecting];
  const row = (name, value) => [name, ...columns.map((distribution) => (
    distribution?.count > 0 ? value(distribution) : '–'))];
  return table(['latency', '>delivery', '>behind schedule', '>connecting'], [
    ...percentages.map((percentage) => row(`${percentage} %`,
      (distribution) => duration(p(distribution, percentage)))),
    row('max', ({max}) => duration(max)),
    row('mean', ({mean}) => duration(mean)),
    row('measured', (distribution) => count(distribution.count)),
    ...(columns.some((distribution) => distribution?.clipped > 0)
      ? [row('longer than can be told', ({clipped}) => ({text: count(clipped), bad: clipped > 0}))]
      : []),
  ], 'Latency');
}

function phasesTable({phases = {}, rates = {}, workers, agents = [], run, seed}) {
  return table(['course', '>'], [
    ['ramp: until all were connected', seconds(phases.ramp_s)],
    ['connects in the ramp', rate(rates.connects)],
    ['warm-up', seconds(phases.warm_up_s)],
    ['steady window', seconds(phases.steady_s)],
    ['drain: until all had arrived', seconds(phases.drain_s)],
    ...(phases.recovery_s > 0 ? [['recovery after the storm', seconds(phases.recovery_s)]] : []),
    ['workers of the generator', count(workers)],
    ['number of the run', String(run ?? '–')],
    ['seed', String(seed ?? '–')],
    ...(agents.length > 0 ? [['load machines', count(agents.length)]] : []),
  ], 'Course of the run');
}

function errorsTable(errors = {}) {
  const rows = Object.entries(errors).sort(([, a], [, b]) => b - a);
  if (rows.length === 0) return element('p', {class: 'none'}, 'No errors.');
  return table(['errors by kind', '>count'], rows.map(([kind, number]) => [kind,
    {text: count(number), bad: number > 0}]), 'Errors by kind');
}

function generatorSection({generator = {}, lag, verdict = {}, plan = {}, server, total = {}}) {
  const limits = verdict.valid === false;
  const unsure = generator.saturated && !limits;
  const answer = limits ? 'Yes: the run is invalid.'
    : unsure ? `It may have been: ${server ? 'neither side had processor time left'
      : 'it had no processor time left, and nobody watched the server (--pid)'}.`
      : 'No: it had processor time to spare and kept its schedule.';
  const late = p(lag, 99);
  return section('Was the generator the bottleneck?',
    element('p', {class: limits ? 'bad' : unsure ? 'warn' : 'good'}, answer),
    table(['generator', '>'], [
      ['processor, in cores', `${cores(generator.cpu)} of ${cores(generator.cores)}`],
      ...(plan['client.wait'] === 'spin'
        ? [['its workers were at work', percent(generator.busy)]] : []),
      ['memory', bytes(generator.rss_bytes)],
      ['memory a connection', bytesEach(generator.rss_bytes, plan)],
      ['saturated', {text: generator.saturated ? 'yes' : 'no', bad: generator.saturated}],
      ['behind schedule, p99', late === null ? 'no schedule (closed loop)' : duration(late)],
      ...(total.overdue > 0 ? [['due, and never sent', {text: count(total.overdue), bad: true}]]
        : []),
      ...(late === null || !plan['client.lag_max'] ? []
        : [['behind schedule, allowed', plan['client.lag_max']]]),
    ], 'The generator'));
}

// What a process takes without connections is in it, too.
const bytesEach = (total, plan) => (total && plan['connections.count']
  ? bytes(total / Number(plan['connections.count'])) : '–');

function serverTable({server, plan = {}}) {
  if (!server) return null;
  return table(['server', '>'], [
    ['process', String(server.pid)],
    ['processor in the steady window, in cores', cores(server.cpu)],
    ['memory, most', bytes(server.rss_bytes_max)],
    ['memory a connection', bytesEach(server.rss_bytes_max, plan)],
  ], 'The server');
}

function agentsTable({agents = []}) {
  if (agents.length === 0) return null;
  return section('Load machines', table(
    ['machine', 'processor', '>cores', '>workers', '>clock is off by', '>round trip', '>drift'],
    agents.map(({name, environment = {}, ...agent}) => [name, environment.cpu,
      count(environment.cores), count(agent.workers), duration(agent.offset_ns),
      duration(agent.round_trip_ns), duration(agent.drift_ns)]), 'Load machines'));
}

export function planDetails(plan = {}) {
  const rows = Object.entries(plan).map(([key, text]) => [key,
    element('code', {}, text === '' ? '–' : text)]);
  return folded(`The plan: ${plural(rows.length, 'option')}`,
    table(['option', 'value'], rows, 'The plan'));
}

const names = {cpu: 'processor', nofile: 'open files, most', memory_bytes: 'memory'};

export function environmentDetails(environment = {}, version = {}) {
  const {mitigations = {}, sysctl = {}, ...others} = environment;
  const rows = [
    ...Object.entries(others).map(([key, value]) => [names[key] ?? key,
      key === 'memory_bytes' ? bytes(value) : plain(value)]),
    ...Object.entries(version).map(([key, value]) => [`parley-load: ${key}`, plain(value)]),
    ...Object.entries(sysctl).map(([key, value]) => [element('code', {}, key), plain(value)]),
    ...Object.entries(mitigations).map(([key, value]) => [`mitigation: ${key}`, plain(value)]),
  ];
  return folded('The machine', table(['of the machine', 'is'], rows, 'The machine'));
}

// The sections of a run: nodes, and `plot` to call once they are in the document.
export function runView(run) {
  const small = [...rateFigures(run), ...serverFigures(run)];
  // Two to a row: of an odd number the first takes a row for itself.
  if (small.length % 2 === 1) small[0].node.classList.add('wide');
  const figures = [percentileFigure(run), heatMapFigure(run), ...small]
    .filter((one) => one !== null);
  const nodes = [
    runTiles(run),
    element('div', {class: 'figures'}, figures.map(({node}) => node)),
    section('Numbers', element('div', {class: 'tables'}, messagesTable(run), latencyTable(run),
      errorsTable(run.errors), serverTable(run), faultsTable(run), countsTable(run),
      phasesTable(run))),
    generatorSection(run),
    agentsTable(run),
  ];
  return {nodes, plot: () => figures.forEach((figure) => figure.plot())};
}
