// Latency over time: a column a second, a row a bucket, the colour says how many.

import {element, figure} from './elements.js';
import {count, duration, plural, seconds} from './format.js';
import {binned, coarsePercentile} from './histogram.js';
import {draw, line, logScale, pixelRatio, place, valueAxis} from './plot.js';
import {drawPhases, phasePadding, phasesOf, timeAxis, timeScale} from './phases.js';
import {color, heatScale, onThemeChange} from './theme.js';

// The lower end of a bucket is the upper end of the one before.
const bottom = (tops, bucket) => (bucket === 0 ? tops[0] / 2 : tops[bucket - 1]) || 50;

// Most cells are rare next to the fullest, so the scale is logarithmic.
const share = (number, most) => Math.log1p(number) / Math.log1p(most);

function drawCells({columns, width, tops, most}) {
  return (plot) => {
    const {ctx, bbox} = plot;
    const ink = heatScale();
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    columns.forEach(({latency}, index) => {
      const left = Math.round(plot.valToPos(index * width, 'x', true));
      const right = Math.round(plot.valToPos((index + 1) * width, 'x', true));
      for (const [bucket, number] of latency) {
        if (tops[bucket] === undefined) continue;
        const low = Math.round(plot.valToPos(bottom(tops, bucket), 'y', true));
        const high = Math.round(plot.valToPos(Math.max(tops[bucket], 100), 'y', true));
        ctx.fillStyle = ink(share(number, most));
        ctx.fillRect(left, high, Math.max(right - left, 1), Math.max(low - high, 1));
      }
    });
    ctx.restore();
  };
}

// Lines over cells of any colour: each on a broader one in the colour of the ground.
function drawOverlay(lines) {
  return (plot) => {
    const {ctx} = plot;
    const [times] = plot.data;
    ctx.save();
    ctx.lineJoin = 'round';
    for (const {values, dash} of lines) {
      ctx.beginPath();
      values.forEach((value, index) => {
        if (value === null) return;
        const at = [plot.valToPos(times[index], 'x', true), plot.valToPos(value, 'y', true)];
        if (values[index - 1] === null || index === 0) ctx.moveTo(...at);
        else ctx.lineTo(...at);
      });
      for (const [ink, width, gaps] of [['overlay-ground', 4, []], ['overlay', 1.6, dash]]) {
        ctx.strokeStyle = color(ink);
        ctx.lineWidth = width * pixelRatio();
        ctx.setLineDash(gaps.map((length) => length * pixelRatio()));
        ctx.stroke();
      }
    }
    ctx.restore();
  };
}

// The colours beside their counts.
function scaleKey(most) {
  const canvas = element('canvas', {width: 240, height: 10, class: 'heat-key', role: 'img',
    'aria-label': `Colours from 1 to ${count(most)} deliveries`});
  const paint = () => {
    const ctx = canvas.getContext('2d');
    const ink = heatScale();
    for (let x = 0; x < canvas.width; x += 1) {
      ctx.fillStyle = ink(share(1, most) + (1 - share(1, most)) * x / canvas.width);
      ctx.fillRect(x, 0, 1, canvas.height);
    }
  };
  onThemeChange(paint);
  const node = element('p', {class: 'heat-legend'}, '1', canvas, plural(most, 'delivery',
    'deliveries'));
  return {node, paint};
}

export function heatMapFigure(run) {
  const tops = run.coarse_ns ?? [];
  const {columns, seconds: width} = binned(run.series ?? []);
  const cells = columns.flatMap(({latency}) => latency);
  if (cells.length === 0 || tops.length === 0) return null;

  const most = cells.reduce((largest, [, number]) => Math.max(largest, number), 1);
  const ends = cells.flatMap(([bucket]) => [bottom(tops, bucket), tops[bucket]]);
  const {node, host} = figure('Latency over time',
    `A column is ${plural(width, 'second')}; the brighter or deeper a cell, the more deliveries.`,
    true);
  const key = scaleKey(most);
  node.append(key.node);
  const middles = columns.map((_, index) => (index + 0.5) * width);
  const overlay = [['p50', 50, []], ['p99', 99, [4, 3]]].map(([name, percent, dash]) => ({name,
    dash, values: columns.map(({latency}) => coarsePercentile(latency, tops, percent))}));
  const plot = () => {
    key.paint();
    draw(host, {
      label: 'How many deliveries had which latency, second by second',
      height: 300,
      padding: phasePadding,
      scales: {x: timeScale(run, columns, width), y: logScale(ends, [1e5, 1e8])},
      axes: [timeAxis(), valueAxis('y', duration)],
      series: [place('at', seconds), ...overlay.map(({name, dash}) => line(
        dash.length > 0 ? `${name} (dashed)` : name, 'overlay', (ns) => `≤ ${duration(ns)}`,
        {scale: 'y', paths: () => null}))],
      cursor: {sync: {key: `time-${run.run}`}},
      hooks: {
        drawClear: [drawPhases(phasesOf(run))],
        drawAxes: [drawCells({columns, width, tops, most})],
        draw: [drawOverlay(overlay)],
      },
    }, [middles, ...overlay.map(({values}) => values)]);
  };
  return {node, plot};
}
