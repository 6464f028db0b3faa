// One workload over all its runs: a line for each server it was compared with.

import {ratio, valueIn} from './format.js';
import {axis, draw, line, pixelRatio, place, valueAxis} from './plot.js';
import {color} from './theme.js';

const inks = ['series-2', 'series-3', 'series-4', 'series-5', 'good', 'series-6', 'bad'];
const logFrom = 4; // Ratios that differ by more are drawn on a logarithmic scale.

// The lines: [{name, ink, spreads}], a spread or null for each point.
function linesOf({points, servers, unit, compared}) {
  if (!compared) return [{name: unit === 'ns' ? 'Parley' : `Parley, ${unit}`, ink: 'accent',
    spreads: points.map(({value}) => value)}];
  let peers = 0;
  return servers.map(({server, role}, index) => {
    // The first floor is what everything is measured by.
    const ink = role === 'floor' && index === 0 ? 'accent' : inks[peers++ % inks.length];
    return {name: `÷ ${server}`, ink, spreads: points.map(({others}) => others.find((other) => (
      other.server === server))?.ratio ?? null)};
  }).filter(({spreads}) => spreads.some((spread) => spread !== null));
}

function scaleOf(lines, compared) {
  const ends = lines.flatMap(({spreads}) => spreads.filter(Boolean)
    .flatMap(({low, high}) => [low, high]));
  const high = Math.max(...ends, compared ? 1 : 0);
  const low = Math.min(...ends, compared ? 1 : Infinity);
  if (!compared || high / low < logFrom) return {range: () => [0, high * 1.12]};
  const power = (value) => 10 ** Math.floor(Math.log10(value));
  const range = [Math.floor(low / power(low)) * power(low),
    Math.ceil(high / power(high)) * power(high)];
  return {distr: 3, log: 10, range: () => range};
}

// From least to most of a run's rounds, and a dot for the median; hollow when it is to be doubted.
function drawSpreads(lines, points, compared) {
  return (plot) => {
    const {ctx, bbox} = plot;
    ctx.save();
    ctx.setLineDash([]);
    if (compared) {
      const y = plot.valToPos(1, 'y', true);
      ctx.strokeStyle = color('dim');
      ctx.lineWidth = pixelRatio();
      ctx.strokeRect(bbox.left, y, bbox.width, 0);
    }
    lines.forEach(({ink, spreads}, line) => spreads.forEach((spread, index) => {
      if (spread === null || !plot.series[line + 1].show) return;
      const x = plot.valToPos(index, 'x', true);
      const at = (value) => plot.valToPos(value, 'y', true);
      ctx.strokeStyle = color(ink);
      ctx.fillStyle = points[index].busy ? color('panel') : color(ink);
      ctx.lineWidth = 2 * pixelRatio();
      ctx.beginPath();
      ctx.moveTo(x, at(spread.low));
      ctx.lineTo(x, at(spread.high));
      ctx.stroke();
      ctx.beginPath();
      ctx.arc(x, at(spread.median), 4.5 * pixelRatio(), 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    }));
    ctx.restore();
  };
}

export function trendPlot(host, workload) {
  const {points, name, compared, unit} = workload;
  const lines = linesOf(workload);
  const text = compared ? ratio : valueIn(unit);
  const scale = scaleOf(lines, compared);
  const dateOf = (index) => points[index]?.result.date.slice(0, 10) ?? '';
  const whereOf = (index) => (points[index] === undefined ? ''
    : `${dateOf(index)}, ${points[index].result.revision ?? 'no revision'}`);
  draw(host, {
    label: `${name}: ${lines.map((one) => one.name).join(', ')}, over ${points.length} runs`,
    height: 240,
    padding: [12, 16, 0, 0],
    scales: {x: {time: false, range: () => [-0.6, points.length - 0.4]}, y: scale},
    axes: [axis({incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500], space: 84,
      values: (_, splits) => splits.map((at) => (Number.isInteger(at) ? dateOf(at) : ''))}),
    valueAxis('y', text)],
    series: [place('run', whereOf), ...lines.map((one) => line(one.name, one.ink, text,
      {scale: 'y', width: 1.5, spanGaps: true}))],
    hooks: {draw: [drawSpreads(lines, points, compared)]},
  }, [points.map((_, index) => index), ...lines.map(({spreads}) => spreads.map((spread) => (
    spread?.median ?? null)))]);
}
