import assert from 'node:assert/strict';
import {test} from 'node:test';

import {isBusy, machinesOf, ratioOf, roleOf} from '../trends.js';

test('A server is known by its name, unless its run says what it is', () => {
  assert.equal(roleOf({server: 'parley'}), 'subject');
  assert.equal(roleOf({server: 'send floor, 16 frames'}), 'floor');
  assert.equal(roleOf({server: 'relay_floor'}), 'floor');
  assert.equal(roleOf({server: 'floorplan'}), 'peer');
  assert.equal(roleOf({server: 'nchan'}), 'peer');
  assert.equal(roleOf({server: 'nchan', role: 'floor'}), 'floor');
});

test('Equally many rounds are compared one by one, without those that failed', () => {
  const spread = ratioOf({value: [2, 4, null, 3]}, {value: [4, 4, 1, 2]});
  assert.deepEqual(spread, {median: 1, low: 0.5, high: 1.5, count: 3});
});

test('Other rounds are compared by their medians', () => {
  assert.deepEqual(ratioOf({value: [1, 2, 3]}, {value: [4]}),
    {median: 0.5, low: 0.5, high: 0.5, count: 1});
  assert.equal(ratioOf({value: []}, {value: [4]}), null);
  assert.equal(ratioOf({value: [1]}, {value: [0]}), null);
});

test('Where less is better, half as much is twice as good', () => {
  assert.equal(ratioOf({value: [2]}, {value: [4]}, true).median, 2);
});

test('A machine is busy with half as much work again as it has cores for', () => {
  assert.equal(isBusy({load_before: [3.1]}, 2), true);
  assert.equal(isBusy({load_before: [3]}, 2), false);
  assert.equal(isBusy({}, 2), null);
});

const result = (date, folder, machine, workloads) => ({date, folder, machine, workloads});
const workload = (name, ...runs) => ({name, unit: 'x', runs});
const run = (server, ...value) => ({server, value});

test('Runs are told apart by machine and put in the order of time', () => {
  const machine = {processor: 'P', cores: 2, kernel: '1'};
  const machines = machinesOf([
    result('2026-03-01', 'c', {...machine, kernel: '2'}, [workload('w', run('parley', 3))]),
    result('2026-01-01', 'b', machine, [workload('w', run('parley', 2))]),
    result('2026-01-01', 'a', machine, [workload('w', run('parley', 1))]),
    result('2026-02-01', 'd', {...machine, cores: 4}, []),
    result('2026-04-01', 'e', {name: 'P, 2 cores'}, [workload('w', run('parleyd', 4))]),
  ]);
  assert.deepEqual(machines.map(({name}) => name), ['P, 2 cores', 'P, 4 cores']);
  const [{workloads: [{points}]}] = machines;
  assert.deepEqual(points.map(({value}) => value.median), [1, 2, 3, 4]);
});

test('Peers that come and go leave gaps, and floors come first', () => {
  const machine = {processor: 'P', cores: 2};
  const [{workloads}] = machinesOf([
    result('2026-01-01', 'a', machine, [workload('alone', run('parley', 1)),
      workload('w', run('parley', 2), run('ws', 1), run('send floor', 4))]),
    result('2026-02-01', 'b', machine, [workload('w', run('parley', 3), run('send floor', 4))]),
  ]);
  assert.deepEqual(workloads.map(({name}) => name), ['w', 'alone']);
  assert.deepEqual(workloads[0].servers.map(({server}) => server), ['send floor', 'ws']);
  assert.deepEqual(workloads[0].points[1].others.map(({ratio}) => ratio.median), [0.75]);
});
