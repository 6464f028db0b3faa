// What came out, in large, and why.

import {element, table} from './elements.js';

const words = {
  good: ['✓', 'Good', 'Everything arrived, once and in order.'],
  bad: ['✕', 'Not good', ''],
  invalid: ['!', 'Invalid', 'The generator was the bottleneck: these numbers say nothing about the'
    + ' server.'],
};

export function stateOf({valid, good} = {}) {
  if (valid === false) return 'invalid';
  return good ? 'good' : 'bad';
}

export const verdictWord = (verdict) => words[stateOf(verdict)][1];

const reasons = (title, list, kind) => (list.length === 0 ? null
  : element('div', {class: `reasons ${kind}`}, element('h3', {}, title),
    element('ul', {}, list.map((text) => element('li', {}, text)))));

function criteriaTable(criteria) {
  if (criteria.length === 0) return null;
  return table(['criterion', 'is', 'holds'], criteria.map(({text, is, holds}) => [
    text, {text: String(is), good: holds, bad: !holds},
    {text: holds ? '✓ yes' : '✕ no', good: holds, bad: !holds}]), 'Criteria');
}

// A band with a mark, a word, a sentence, and what explains it.
export function band(state, mark, word, sentence, ...more) {
  return element('section', {class: `verdict ${state}`, 'aria-label': 'Verdict'},
    element('p', {class: 'word'}, element('span', {class: 'mark', 'aria-hidden': true}, mark),
      word),
    sentence ? element('p', {}, sentence) : null, ...more);
}

export function verdictBand(verdict = {}) {
  const {faults = [], invalid_because: because = [], doubts = [], criteria = []} = verdict;
  const state = stateOf(verdict);
  const [mark, word, sentence] = words[state];
  const broken = criteria.filter(({holds}) => !holds).length;
  const held = criteria.length - broken;
  const more = state === 'invalid' || criteria.length === 0 ? ''
    : ` ${held} of ${criteria.length} criteria ${held === 1 ? 'holds' : 'hold'}.`;
  return band(state, mark, word, `${sentence}${more}`.trim(),
    reasons('Invalid because', because, 'invalid'), reasons('In doubt', doubts, 'invalid'),
    reasons('Faults', faults, 'bad'),
    criteriaTable(criteria));
}
