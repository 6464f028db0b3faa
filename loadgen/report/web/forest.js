// Ratios with their intervals, one under the other, around the line where nothing differs.

import {element} from './elements.js';
import {ratio} from './format.js';

const namespace = 'http://www.w3.org/2000/svg';

function shape(tag, attributes) {
  const node = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// The same space on both sides of 1, in which every interval fits: as a factor.
function reachOf(ratios) {
  const ends = ratios.flatMap(({low, high}) => [low, high]).filter((value) => value > 0);
  const widest = ends.reduce((most, value) => Math.max(most, value, 1 / value), 1.05);
  return widest ** 1.15;
}

function bar({low, median, high, conclusive}, reach) {
  const at = (value) => 50 + 50 * Math.log(Math.max(value, 1 / reach)) / Math.log(reach);
  const plot = shape('svg', {viewBox: '0 0 100 12', preserveAspectRatio: 'none', role: 'img',
    'aria-label': `${ratio(median)}, from ${ratio(low)} to ${ratio(high)}`,
    class: conclusive ? 'told' : 'untold'});
  plot.append(
    shape('line', {class: 'one', x1: 50, x2: 50, y1: 0, y2: 12}),
    shape('rect', {class: 'interval', x: at(low), width: Math.max(at(high) - at(low), 0.4), y: 4,
      height: 4}),
    shape('rect', {class: 'median', x: at(median) - 0.35, width: 0.7, y: 1, height: 10}));
  return plot;
}

// `ratios`: [{name, median, low, high, conclusive}].
export function forest(ratios) {
  if (ratios.length === 0) return element('p', {}, 'No ratio could be computed.');
  const reach = reachOf(ratios);
  const ends = element('p', {class: 'forest-ends'}, element('span', {}, ratio(1 / reach)),
    element('span', {}, '1: the same'), element('span', {}, ratio(reach)));
  const rows = ratios.map((one) => element('li', {},
    element('span', {class: 'name'}, one.name), bar(one, reach),
    element('span', {class: 'number'}, `${ratio(one.median)} (${ratio(one.low)}–${
      ratio(one.high)})`)));
  return element('div', {class: 'forest'}, ends, element('ol', {}, rows));
}
