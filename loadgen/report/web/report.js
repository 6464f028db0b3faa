// The report page: reads what the run measured and shows it.

import {capacityView} from './capacity_view.js';
import {compareView} from './compare_view.js';
import {element} from './elements.js';
import {commandLine, moment} from './format.js';
import {pageData} from './page_data.js';
import {environmentDetails, planDetails, runView} from './run_view.js';
import {watchTheme} from './theme.js';
import {verdictBand, verdictWord} from './verdict.js';

const kinds = {run: 'run', capacity: 'capacity search', compare: 'comparison'};

function head(data, title, started) {
  const target = data.plan?.['target.urls'];
  const facts = [moment(started), target, data.environment?.cpu,
    data.version?.version ? `parley-load ${data.version.version}` : null];
  return element('header', {},
    element('p', {class: 'kicker'}, `parley-load · ${kinds[data.kind]}`),
    element('h1', {}, title),
    element('p', {class: 'facts'}, facts.filter(Boolean).map((text) => element('span', {}, text))));
}

const footer = (data, command) => element('footer', {},
  planDetails(data.plan),
  environmentDetails(data.environment, data.version),
  command ? element('p', {class: 'command'}, element('span', {}, 'Command'),
    element('code', {}, commandLine(command))) : null);

// What is known of the whole search or comparison may stand in its runs alone.
function withRunFacts(data) {
  const [first] = data.kind === 'compare' ? (data.pairs ?? []).map(({a}) => a)
    : (data.curve ?? []).flatMap(({runs}) => runs);
  const {title, started, command, plan} = first ?? {};
  return {title, started, command, plan, ...data};
}

const views = {
  run: (data) => {
    const view = runView(data);
    return {...view, nodes: [verdictBand(data.verdict), ...view.nodes],
      word: verdictWord(data.verdict)};
  },
  capacity: capacityView,
  compare: compareView,
};

function show(given) {
  const view = views[given.kind];
  if (!/^parley-load\/1$/.test(given.schema) || view === undefined) {
    throw new Error(`This page shows parley-load/1, not ${given.schema} ${given.kind}.`);
  }
  const data = given.kind === 'run' ? given : withRunFacts(given);
  const {nodes, plot, word} = view(data);
  const title = data.title || data.plan?.['target.urls'] || 'A run without a title';
  document.title = `${word}: ${title} · parley-load`;
  document.getElementById('page').append(...[head(data, title, data.started), ...nodes,
    footer(data, data.command)].filter(Boolean));
  plot();
}

watchTheme();
try {
  show(pageData());
} catch (error) {
  document.getElementById('page').append(element('p', {class: 'bad', role: 'alert'},
    `This report cannot be shown: ${error.message}`));
  throw error;
}
