// The phases of a run on an axis of seconds since the first connect.

import {color} from './theme.js';
import {axis, canvasFont, pixelRatio} from './plot.js';

// [{name, from, to}] of those that took time.
export function phasesOf(run) {
  const {ramp_s: ramp = 0, steady_s: steady = 0, drain_s: drain = 0} = run.phases ?? {};
  const begin = run.steady_at_s ?? 0;
  const list = [
    {name: 'ramp', from: 0, to: Math.min(ramp, begin)},
    {name: 'warm-up', from: Math.min(ramp, begin), to: begin},
    {name: 'steady', from: begin, to: begin + steady},
    {name: 'drain', from: begin + steady, to: begin + steady + drain},
  ];
  return list.filter(({from, to}) => to > from);
}

// Shades all but the steady window, which alone counts, and names what has room for its name.
export function drawPhases(phases) {
  return (plot) => {
    const {ctx, bbox} = plot;
    ctx.save();
    ctx.font = canvasFont();
    ctx.textBaseline = 'top';
    ctx.textAlign = 'center';
    ctx.strokeStyle = color('line');
    for (const {name, from, to} of phases) {
      const left = Math.max(plot.valToPos(from, 'x', true), bbox.left);
      const right = Math.min(plot.valToPos(to, 'x', true), bbox.left + bbox.width);
      if (right <= left) continue;
      if (name !== 'steady') {
        ctx.fillStyle = color('shade');
        ctx.fillRect(left, bbox.top, right - left, bbox.height);
      }
      ctx.strokeRect(left, bbox.top, right - left, bbox.height);
      if (ctx.measureText(name).width + 8 * pixelRatio() > right - left) continue;
      ctx.fillStyle = color('dim');
      ctx.fillText(name, (left + right) / 2, bbox.top - 15 * pixelRatio());
    }
    ctx.restore();
  };
}

// Room above the plot for the names of the phases.
export const phasePadding = [20, 12, 0, 0];

export const timeAxis = () => axis({
  values: (_, splits) => splits.map((value) => (value === null ? '' : `${value} s`)),
  space: 60,
});

// One scale for all plots over time, so that they line up.
export function timeScale(run, columns, seconds) {
  const ends = phasesOf(run).map(({to}) => to);
  const end = Math.max(1, columns.length * seconds, ...ends);
  return {time: false, range: () => [0, end]};
}

// The begin of each column, and where the last one ends: what a stepped line needs.
export function stepped(columns, seconds, value) {
  const times = columns.map((_, index) => index * seconds);
  const values = columns.map(value);
  return {times: [...times, columns.length * seconds], values: [...values, values.at(-1) ?? null]};
}
