// The dashboard: what was measured so far, machine by machine, as ratios to floors and peers.

import {element, figure, folded, section, table} from './elements.js';
import {cores, plain, plural, ratio, valueIn, withUnit} from './format.js';
import {pageData} from './page_data.js';
import {watchTheme} from './theme.js';
import {trendPlot} from './trend_plot.js';
import {machinesOf, spreadOf} from './trends.js';

// "1.77M (1.62M–1.89M) deliveries/s"
const range = (spread, text) => {
  if (spread === null) return '–';
  const {median, low, high, count} = spread;
  return count === 1 ? text(median) : `${text(median)} (${text(low)}–${text(high)})`;
};
const rangeIn = (spread, unit) => withUnit(range(spread, valueIn(unit)), unit);

// A floor does less than a server has to, so to be below it is no fault.
const tone = ({ratio: found, role}) => (role !== 'peer' || found === null ? {}
  : {good: found.low > 1, bad: found.high < 1});

// The newest point of a workload that says something of its subject.
const newest = ({points}) => points.findLast(({value}) => value !== null)
  ?? points.findLast(({subject}) => subject !== null) ?? points.at(-1);

function summaryTable(workloads) {
  const servers = [...new Map(workloads.flatMap((workload) => workload.servers)
    .map(({server, role}) => [server, role])).keys()];
  const rows = workloads.map((workload) => {
    const {value, others, result} = newest(workload);
    const {name, unit} = workload;
    return [name, value === null ? 'no valid round' : withUnit(valueIn(unit)(value.median), unit),
      ...servers.map((server) => {
        const found = others.find((other) => other.server === server && other.ratio !== null);
        return found ? {text: ratio(found.ratio.median), ...tone(found)} : '–';
      }), result.date.slice(0, 10)];
  });
  return section('Newest figures', table(['workload', '>Parley',
    ...servers.map((server) => `>÷ ${server}`), '>measured'], rows, 'Newest figures'),
  element('p', {class: 'note'}, 'Ratios say how many times as good Parley is. Those to peers have'
    + ' a colour where every round of the run was on the same side of 1.'));
}

function newestTable(workload) {
  const {compared} = workload;
  const {result, runs, others} = newest(workload);
  const ratioCell = (run) => {
    const found = others.find((other) => other.run === run && other.ratio !== null);
    return found ? {text: range(found.ratio, ratio), ...tone(found)} : '–';
  };
  const valueCell = ({value, good, invalid = 0}) => {
    const text = [rangeIn(spreadOf(value), workload.unit),
      ...(invalid > 0 ? [`${invalid} of ${plural(value.length, 'round')} invalid`] : []),
      ...(good === false ? ['with faults'] : [])].join(', ');
    return good === false ? {text, bad: true} : text;
  };
  const rows = runs.map((run) => [run.server, valueCell(run),
    ...(compared ? [ratioCell(run)] : []), range(spreadOf(run.server_cpu), cores),
    run.bottleneck ?? '–']);
  return table([`newest: ${result.date.slice(0, 10)}`, '>median (least–most)',
    ...(compared ? ['>Parley is, times'] : []), '>cores used', 'limited by'], rows,
  'The newest run');
}

const folder = ({folder: name, link}) => (link ? element('a', {href: link}, name) : name);

function historyTable({unit, servers, points}) {
  const stateOf = (busy) => (busy === null ? '–' : busy ? 'busy' : 'quiet');
  const ratioCell = (others, {server}) => range(others.find((other) => other.server === server)
    ?.ratio ?? null, ratio);
  const rows = points.map(({result, value, others, busy}) => [folder(result),
    result.revision ?? '–', rangeIn(value, unit),
    ...servers.map((server) => ratioCell(others, server)), stateOf(busy)]);
  return folded(plural(points.length, 'run'), table(['results/', 'revision', '>Parley',
    ...servers.map(({server}) => `>÷ ${server}`), 'machine'], rows, 'All runs'));
}

function workloadView(workload) {
  const {name, points, says, lessIsBetter, compared} = workload;
  const note = [compared ? 'Parley over each other server; above 1 it is ahead.'
    : 'No other server was measured.',
  lessIsBetter ? `Less is better${compared ? ', so the ratio is turned round' : ''}.` : '',
  points.some(({busy}) => busy) ? 'Hollow: the machine was busy with other work.' : '']
    .filter(Boolean).join(' ');
  const {node, host} = figure(compared ? 'Ratio, run by run' : 'Value, run by run', note);
  const view = element('section', {class: `workload ${compared ? 'wide' : ''}`.trim()},
    element('h3', {}, name), says ? element('p', {class: 'note'}, says) : null, node,
    newestTable(workload), historyTable(workload));
  return {node: view, plot: () => trendPlot(host, workload)};
}

function machineView({name, results, workloads}) {
  const views = workloads.map(workloadView);
  const {name: ignored, processor, cores: count, ...facts} = results.at(-1).machine;
  const node = element('div', {class: 'machine'},
    element('h2', {class: 'part'}, name),
    summaryTable(workloads),
    element('div', {class: 'figures'}, views.map((view) => view.node)),
    folded('The machine, in its newest run', table(['of the machine', 'is'],
      Object.entries(facts).map(([fact, value]) => [fact, plain(value)]), 'The machine')));
  return {node, plot: () => views.forEach((view) => view.plot())};
}

function show({results}) {
  const page = document.getElementById('page');
  const machines = machinesOf(results);
  const dates = results.map(({date}) => date.slice(0, 10)).sort();
  page.append(element('header', {}, element('p', {class: 'kicker'}, 'Parley · results'),
    element('h1', {}, 'What was measured'),
    element('p', {class: 'facts'}, [plural(results.length, 'run'),
      plural(machines.length, 'machine'),
      dates.length > 0 ? `${dates[0]} to ${dates.at(-1)}` : null].filter(Boolean)
      .map((text) => element('span', {}, text)))));
  if (machines.length === 0) {
    page.append(section('Nothing yet', element('p', {}, './dev bench adds the first result.')));
  }
  const views = machines.map(machineView);
  page.append(...views.map(({node}) => node));
  views.forEach(({plot}) => plot());
}

watchTheme();
try {
  show(pageData());
} catch (error) {
  document.getElementById('page').append(element('p', {class: 'bad', role: 'alert'},
    `These results cannot be shown: ${error.message}`));
  throw error;
}
