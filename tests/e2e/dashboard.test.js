// ./dev dashboard in Chromium, from the disk: all that was measured, with runs, peers and machines
// missing here and there.

import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {lowContrasts} from './lib/contrast.js';
import {Pages, drawnPlots, fixtures, installPackages, root, skip} from './lib/pages.js';

const script = path.join(root, 'bench/dashboard/dashboard.js');
let pages;

before(async () => {
  if (skip) return;
  installPackages();
  pages = await Pages.start();
});

after(async () => {
  await pages?.stop();
});

function make(name, results) {
  const out = pages.file(name);
  execFileSync('node', [script, '--results', results, '--out', out], {cwd: root});
  return out;
}

const samples = path.join(fixtures, 'results');
const cells = (page, table, row) => page.locator(`[aria-label="${table}"]`).first()
  .locator('tr').nth(row).locator('th, td').allInnerTexts();

test('Runs become trends: machine by machine, workload by workload', {skip}, async () => {
  const page = await pages.open(make('samples.html', samples));
  assert.deepEqual(await page.locator('h2.part').allInnerTexts(),
    ['Sample CPU, 2 cores', 'sample-host']);
  assert.deepEqual(await page.locator('.machine').first().locator('h3').allInnerTexts(),
    ['Sample: rooms of 100', 'Sample: p99 at 10k/s', 'fanout-100',
      'Sample: memory of an idle connection', 'fanout-100-one']);
  assert.deepEqual(await cells(page, 'Newest figures', 0), ['workload', 'Parley', '÷ relay floor',
    '÷ send_floor', '÷ <img src=x onerror=alert(1)>', '÷ nchan', '÷ socket.io', '÷ ws',
    'measured']);
  const [name, value, ...ratios] = await cells(page, 'Newest figures', 1);
  assert.deepEqual([name, value], ['Sample: rooms of 100', '2.74M deliveries/s']);
  assert.deepEqual(ratios, ['0.97', '0.85', '4.33', '3.31', '22.8', '8.09', '2026-06-22']);
  const plots = await drawnPlots(page);
  assert.equal(plots.length, 6);
  for (const {label, colors} of plots) assert.ok(colors > 2, `${label}: ${colors} colours`);
  await pages.close(page);
});

test('Folders from before results.json are read, too', {skip}, async () => {
  const page = await pages.open(make('old.html', samples));
  const view = page.locator('.workload',
    {has: page.locator('h3', {hasText: /^fanout-100$/})});
  const rows = await view.locator('[aria-label="The newest run"] tbody tr').allInnerTexts();
  assert.deepEqual(rows.map((row) => row.split('\t').slice(0, 3)), [
    ['parley', '1.7M (1.6M–1.8M) deliveries/s', '–'],
    ['send_floor', '3.1M (3M–3.2M) deliveries/s', '0.55 (0.50–0.60)']]);
  await view.locator('summary').click();
  await view.getByText('f00dfeed+').waitFor();
  await pages.close(page);
});

test('A run on a busy machine is marked, and one without peers leaves a gap', {skip}, async () => {
  const page = await pages.open(make('busy.html', samples));
  const view = page.locator('.workload').first();
  await view.getByText('Hollow: the machine was busy with other work.').waitFor();
  await view.locator('summary').click();
  const rows = await view.locator('[aria-label="All runs"] tbody tr').allInnerTexts();
  const states = rows.map((row) => row.split('\t').at(-1));
  assert.deepEqual(states, ['quiet', 'quiet', 'quiet', 'busy', 'quiet', 'quiet']);
  assert.equal(rows[2].split('\t').filter((cell) => cell === '–').length, 4);
  await pages.close(page);
});

test('The results of this repository make a page, with links to their folders', {skip},
  async () => {
    const out = make('real.html', path.join(root, 'results'));
    const page = await pages.open(out);
    assert.ok((await drawnPlots(page)).length > 0);
    await page.locator('summary').first().click();
    const links = await page.locator('[aria-label="All runs"] a').evaluateAll((nodes) => nodes
      .map((node) => new URL(node.href).pathname));
    assert.ok(links.length > 0);
    for (const link of links) assert.ok(existsSync(decodeURIComponent(link)), link);
    await pages.picture(page, 'dashboard-real', {fullPage: true});
    await pages.close(page);
  });

test('One run is a page, and none is one, too', {skip}, async () => {
  const one = pages.file('one');
  cpSync(path.join(samples, '2026-05-30-sample-other'), path.join(one, '2026-05-30-only'),
    {recursive: true});
  const page = await pages.open(make('one.html', one));
  assert.equal((await drawnPlots(page)).length, 1);
  await pages.close(page);
  const none = pages.file('none');
  mkdirSync(none);
  const empty = await pages.open(make('none.html', none));
  await empty.getByText('./dev bench adds the first result.').waitFor();
  await pages.close(empty);
});

test('Rounds in which the generator was the limit count for nothing', {skip}, async () => {
  const results = JSON.parse(readFileSync(path.join(samples, '2026-06-22-sample/results.json')));
  const runs = (valid) => [{server: 'parleyd', value: [900, 100], valid: [false, true]},
    {server: 'relay_floor', value: [100, 200], valid}];
  const write = (name, valid) => {
    const folder = pages.file(name);
    mkdirSync(path.join(folder, '2026-06-22-sample'), {recursive: true});
    writeFileSync(path.join(folder, '2026-06-22-sample/results.json'), JSON.stringify({...results,
      workloads: [{name: 'fanout', unit: 'deliveries/s', runs: runs(valid)}]}));
    return folder;
  };
  for (const [valid, shown] of [[[true, true], '0.50'], [[true, false], null]]) {
    const page = await pages.open(make(`invalid-${shown}.html`, write(`in-${shown}`, valid)));
    const text = await page.locator('.machine').first().innerText();
    assert.equal(text.includes('0.50'), shown !== null, text);
    assert.ok(!text.includes('9.00'), text);
    assert.ok(text.includes('1 of 2 rounds invalid'), text);
    assert.equal(text.includes('2 of 2 rounds invalid'), false, text);
    await pages.close(page);
  }
});

test('A folder that cannot be read is named, with what is wrong', {skip}, () => {
  const file = path.join(samples, '2026-06-22-sample/results.json');
  const good = JSON.parse(readFileSync(file, 'utf8'));
  const [workload] = good.workloads;
  const bad = [[{...good, schema: 'x'}, /results\.json: schema must be parley-results\/1/],
    [{...good, date: 'today'}, /date must be such as/],
    [{...good, workloads: [{...workload, unit: ''}]}, /workloads\[0\]\.unit must be a text/],
    [{...good, workloads: [{...workload, runs: [{server: 'parley', value: ['3']}]}]},
      /workloads\[0\]\.runs\[0\]\.value must be a list of numbers/],
    [{...good, workloads: [{...workload, runs: [{server: 'parley', value: [3], valid: [1]}]}]},
      /workloads\[0\]\.runs\[0\]\.valid must be a list of true and false/]];
  bad.forEach(([results, message], index) => {
    const folder = pages.file(`bad-${index}`);
    mkdirSync(path.join(folder, '2026-01-01-bad'), {recursive: true});
    writeFileSync(path.join(folder, '2026-01-01-bad/results.json'), JSON.stringify(results));
    const {status, stderr} = spawnSync('node', [script, '--results', folder, '--out',
      pages.file('bad.html')], {encoding: 'utf8'});
    assert.equal(status, 1);
    assert.match(stderr, message);
    assert.match(stderr, /2026-01-01-bad/);
  });
});

test('It fits phones, in light and dark, with enough contrast', {skip}, async () => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await pages.open(make('fits.html', samples), {colorScheme,
      viewport: {width: 360, height: 740}});
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    assert.deepEqual(await page.evaluate(lowContrasts, '#page'), [], colorScheme);
    await pages.picture(page, `dashboard-phone-${colorScheme}`, {fullPage: true});
    await page.setViewportSize({width: 1200, height: 1000});
    await page.waitForFunction(() => document.querySelector('.uplot').clientWidth > 400);
    await pages.picture(page, `dashboard-${colorScheme}`, {fullPage: true});
    await pages.close(page);
  }
});
