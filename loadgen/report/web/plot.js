// What all plots share: uPlot in our colours, as wide as its place, redrawn when the theme changes.

import uPlot from 'uplot';

import {color, onThemeChange} from './theme.js';

const font = '12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const paperWidth = 680;

export const paths = uPlot.paths;
export const pixelRatio = () => devicePixelRatio || 1;
export const canvasFont = () => font.replace('12px', `${Math.round(11 * pixelRatio())}px`);

export function axis(options) {
  return {
    stroke: () => color('dim'),
    font,
    grid: {stroke: () => color('grid'), width: 1},
    ticks: {stroke: () => color('grid'), width: 1, size: 4},
    size: 32,
    ...options,
  };
}

// Of the marks of a logarithmic scale only whole powers of ten get a line across.
const wholePowers = (plot, splits, index) => (plot.scales[plot.axes[index].scale].distr === 3
  ? splits.map((value) => (Math.abs(Math.log10(value) % 1) < 1e-6 ? value : null)) : splits);

// A vertical axis whose labels `text` makes; wide enough for its longest label.
export function valueAxis(scale, text, options = {}) {
  return axis({
    scale,
    values: (_, splits) => splits.map((value) => (value === null ? '' : text(value))),
    grid: {stroke: () => color('grid'), width: 1, filter: wholePowers},
    size: (_, values) => 14 + 7 * Math.max(4, ...(values ?? []).map((value) => value.length)),
    ...options,
  });
}

const power = (value) => 10 ** Math.floor(Math.log10(value) + 1e-9);

// One digit and zeros below and above all values, which are above 0: where marks can begin.
function aroundInDigits(low, high) {
  const from = Math.floor(low / power(low) + 1e-9) * power(low);
  const to = Math.ceil(high / power(high) - 1e-9) * power(high);
  return to >= from * 4 ? [from, to] : [power(low), power(low) * 10 ** Math.ceil(
    Math.log10(Math.max(high, low * 1.01) / power(low)))];
}

// What the horizontal axis is called where the cursor is.
export const place = (label, text) => ({label, value: (_, value) => (value === null
  || value === undefined ? '' : text(value))});

// Marks of bytes are at powers of two.
export const byteSteps = Array.from({length: 50}, (_, index) => 2 ** index);

// A logarithmic scale around all values of the plot; `fallback` when there are none.
export function logScale(values, fallback) {
  const above = values.filter((value) => value !== null && value > 0);
  const low = above.reduce((a, b) => Math.min(a, b), Infinity);
  const high = above.reduce((a, b) => Math.max(a, b), 0);
  const range = above.length === 0 ? fallback : aroundInDigits(low, high);
  return {distr: 3, log: 10, range: () => range};
}

// A linear scale from 0 to a little above the largest value.
export function zeroScale(least = 1) {
  return {range: (_, low, high) => [0, Math.max(least, (high ?? 0) * 1.08)]};
}

// A line of a plot. `name` is a text, and reaches the page as one; `ink` names a colour.
export function line(name, ink, text, options = {}) {
  const label = document.createElement('span');
  label.textContent = name;
  return {
    label,
    stroke: () => color(ink),
    width: 2,
    points: {show: false},
    value: (_, value) => (value === null || value === undefined ? '' : text(value)),
    ...options,
  };
}

// Draws `options` (without width and height) and `data` into `host`, anew whenever its width or the
// theme changes. `label` says what is seen to whom does not see it.
export function draw(host, {label, height = 260, ...options}, data) {
  const onPaper = () => document.documentElement.classList.contains('paper');
  const width = () => Math.max(200, onPaper() ? Math.min(paperWidth, host.clientWidth)
    : host.clientWidth);
  let plot;
  const build = () => {
    plot?.destroy();
    plot = new uPlot({
      legend: {live: true, markers: {width: 3}},
      ...options,
      width: width(),
      height,
      cursor: {points: {size: 7}, drag: {x: false, y: false}, y: false, ...options.cursor},
    }, data, host);
    plot.ctx.canvas.setAttribute('role', 'img');
    plot.ctx.canvas.setAttribute('aria-label', label);
  };
  build();
  onThemeChange(build);
  new ResizeObserver(() => {
    if (width() !== plot.width) plot.setSize({width: width(), height});
  }).observe(host);
}
