// The folders of results/ as the dashboard takes them. results/README.md describes results.json;
// the folders from before it have environment.json and raw.json of bench/macro/fanout.

import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';

const fail = (file, what) => {
  throw new Error(`${file}: ${what}`);
};

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return fail(file, error.message);
  }
}

// -- results.json

const isText = (value) => typeof value === 'string' && value !== '';
const areNumbers = (list) => Array.isArray(list) && list.every((value) => value === null
  || Number.isFinite(value));

function checkRun(file, where, run) {
  if (!isText(run.server)) fail(file, `${where}.server must be a text`);
  if (!areNumbers(run.value)) fail(file, `${where}.value must be a list of numbers`);
  for (const name of ['server_cpu', 'load_before']) {
    if (run[name] !== undefined && !areNumbers(run[name])) {
      fail(file, `${where}.${name} must be a list of numbers`);
    }
  }
  if (run.valid !== undefined && !(Array.isArray(run.valid)
    && run.valid.every((one) => typeof one === 'boolean'))) {
    fail(file, `${where}.valid must be a list of true and false`);
  }
  if (run.role !== undefined && !['subject', 'floor', 'peer'].includes(run.role)) {
    fail(file, `${where}.role must be subject, floor or peer`);
  }
}

// A round in which the generator was the limit is as none: its neighbours keep their places.
const withoutInvalid = (run) => ({...run, invalid: (run.valid ?? []).filter((one) => !one).length,
  value: run.value.map((value, round) => (run.valid?.[round] === false ? null : value))});

function checkWorkload(file, where, workload) {
  for (const name of ['name', 'unit']) {
    if (!isText(workload[name])) fail(file, `${where}.${name} must be a text`);
  }
  if (!['boolean', 'undefined'].includes(typeof workload.less_is_better)) {
    fail(file, `${where}.less_is_better must be true or false`);
  }
  if (!Array.isArray(workload.runs)) fail(file, `${where}.runs must be a list`);
  workload.runs.forEach((run, index) => checkRun(file, `${where}.runs[${index}]`, run));
}

function readResults(file) {
  const result = readJson(file);
  if (result.schema !== 'parley-results/1') {
    fail(file, `schema must be parley-results/1, not ${result.schema}`);
  }
  if (!/^\d{4}-\d\d-\d\d/.test(result.date ?? '')) fail(file, 'date must be such as 2026-11-25');
  if (typeof result.machine !== 'object' || result.machine === null) {
    fail(file, 'machine must be an object');
  }
  if (!Array.isArray(result.workloads)) fail(file, 'workloads must be a list');
  result.workloads.forEach((workload, index) => checkWorkload(file, `workloads[${index}]`,
    workload));
  const {date, revision, machine} = result;
  const workloads = result.workloads.map((workload) => ({...workload,
    runs: workload.runs.map(withoutInvalid)}));
  return {date, revision, machine, workloads};
}

// -- raw.json: rounds of parleyd and its send floor, and further rows without a neighbour

const mostCommon = (values) => {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
};

const nearlyAll = 0.95; // Of its core: then it is what limited the run.

function bottleneckOf(rows) {
  const mean = (name) => rows.reduce((sum, row) => sum + row[name], 0) / rows.length;
  const [client, server] = [mean('client_cpu'), mean('server_cpu')];
  if (client >= nearlyAll && client > server) return 'generator';
  return server >= nearlyAll ? 'server' : 'neither';
}

const runOf = (server, rows) => ({server, value: rows.map((row) => row.deliveries_per_second),
  server_cpu: rows.map((row) => row.server_cpu), bottleneck: bottleneckOf(rows),
  load_before: rows.map((row) => row.load_before)});

function readFanout(folder) {
  const {revision, uncommitted, ...machine} = readJson(path.join(folder, 'environment.json'));
  const rows = readJson(path.join(folder, 'raw.json'));
  const parley = rows.filter((row) => row.of === 'parley');
  const floors = rows.filter((row) => row.of === 'floor');
  const depth = mostCommon(parley.map((row) => row.depth));
  // A floor with other frames per send has no rounds of its own; the folder's README has it.
  const frames = mostCommon(floors.map((row) => row.frames_per_send));
  const depths = [...new Set([depth, ...parley.map((row) => row.depth)])];
  // By the names that bench/macro has for them.
  const names = new Map([[16, 'fanout-100'], [1, 'fanout-100-one']]);
  const workloads = depths.map((inFlight) => ({
    name: names.get(inFlight) ?? `fanout-100-${inFlight}`, unit: 'deliveries/s',
    runs: [runOf('parley', parley.filter((row) => row.depth === inFlight)),
      ...(inFlight === depth && floors.length > 0 ? [runOf('send_floor',
        floors.filter((row) => row.frames_per_send === frames))] : [])]}));
  return {date: path.basename(folder).slice(0, 10),
    revision: uncommitted.length > 0 ? `${revision}+` : revision, machine, workloads};
}

// All of them, by name; `folder` is the name of each.
export function readAll(root) {
  return readdirSync(root, {withFileTypes: true}).filter((entry) => entry.isDirectory())
    .map(({name}) => name).sort().map((name) => {
      const folder = path.join(root, name);
      const file = path.join(folder, 'results.json');
      if (existsSync(file)) return {folder: name, ...readResults(file)};
      if (existsSync(path.join(folder, 'raw.json'))) return {folder: name, ...readFanout(folder)};
      return fail(folder, 'neither results.json nor raw.json is there');
    });
}
