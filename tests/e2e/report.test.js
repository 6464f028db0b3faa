// The report page of parley-load in Chromium, from the disk: what it says of good, faulty and
// invalid runs, of searches and comparisons, on any screen and on paper, and that it asks nobody.

import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {fillPage} from '../../loadgen/report/web/page_data.js';
import {verdictWord} from '../../loadgen/report/web/verdict.js';
import {lowContrasts} from './lib/contrast.js';
import {Pages, drawnPlots, installPackages, readFixture, skip} from './lib/pages.js';
import {Server, parleyd} from './lib/server.js';

let pages;
let template;

before(async () => {
  if (skip) return;
  installPackages();
  const {buildPage} = await import('../../loadgen/report/web/build.js');
  template = await buildPage('report');
  pages = await Pages.start();
});

after(async () => {
  await pages?.stop();
});

const sample = (name) => readFixture(`report/${name}.json`);
const write = (name, data = sample(name)) => pages.write(`${name}.html`, fillPage(template, data));
const word = (page) => page.locator('.verdict .word').first().innerText();
const row = (page, name, table = '*') => page.locator(`[aria-label="${table}"] tr`)
  .filter({has: page.getByRole('rowheader', {name, exact: true})}).locator('td').allInnerTexts();

async function assertDrawn(page, labels) {
  const plots = await drawnPlots(page);
  assert.deepEqual(plots.map(({label}) => labels.find((wanted) => label.startsWith(wanted))),
    labels);
  for (const {label, colors} of plots) assert.ok(colors > 2, `${label}: ${colors} colours`);
}

test('A good run: verdict, numbers, plots', {skip}, async () => {
  const page = await pages.open(write('good'));
  assert.match(await word(page), /Good$/);
  assert.equal(await page.title(), 'Good: Sample: rooms of 100 · parley-load');
  const tiles = await page.locator('.tiles > div').allInnerTexts();
  assert.deepEqual(tiles.map((tile) => tile.split('\n').slice(0, 2)), [['Deliveries', '1.2M/s'],
    ['p50', '841 µs'], ['p99', '3.74 ms'], ['p99.9', '7.44 ms'], ['max', '53.7 ms'],
    ['Connections', '1,000'], ['Lost', '0']]);
  assert.deepEqual(await row(page, 'p99 < 5ms', 'Criteria'), ['3.74 ms', '✓ yes']);
  assert.deepEqual(await row(page, 'deliveries', 'Messages'),
    ['1.2M/s', '59,913,344', '62,332,200']);
  assert.deepEqual((await row(page, '99.999 %', 'Latency'))[0], '23.7 ms');
  await page.getByText('No: it had processor time to spare').waitFor();
  await page.getByText('No errors.').waitFor();
  await assertDrawn(page, ['Latency by percentile', 'How many deliveries had which latency',
    'Deliveries', 'Publications', 'Connects', 'Server: processor', 'Server: memory']);
  await pages.close(page);
});

test('A run with faults names each, and texts of servers stay texts', {skip}, async () => {
  const page = await pages.open(write('faults'));
  assert.match(await word(page), /Not good$/);
  const faults = await page.locator('.reasons.bad li').allInnerTexts();
  assert.equal(faults.length, 4);
  assert.equal(faults[0], '120 messages lost');
  const hostile = '</script><img src=x onerror="document.title=1">';
  assert.ok(faults[2].endsWith(hostile));
  assert.equal(await page.locator('h1').innerText(),
    `Sample: faults ${hostile} & <b>markup</b>`);
  assert.deepEqual(await row(page, `refused ${hostile}`, 'Errors by kind'), ['12']);
  assert.deepEqual(await row(page, '<!-- <script>', 'Errors by kind'), ['1']);
  assert.deepEqual(await row(page, 'loss == 0', 'Criteria'), ['120', '✕ no']);
  assert.equal(await page.locator('#page img, #page script, #page b, #page i').count(), 0);
  const red = await page.locator('.reasons.bad').evaluate((node) => getComputedStyle(node).color);
  assert.equal(red, 'rgb(194, 47, 61)');
  assert.equal((await drawnPlots(page)).some(({label}) => label.startsWith('Errors')), true);
  await page.locator('details').first().locator('summary').click();
  await page.getByText(`{"room":"${hostile}"}`).waitFor();
  await pages.close(page);
});

test('Markup that did get out of its element would run nothing', {skip}, async () => {
  const broken = write('good').replace(/good\.html$/, 'broken.html');
  const data = '{"schema":"parley-load/1"}</script><script>document.title = "ran"</script>'
    + '<img src=x onerror="document.title = \'ran\'">';
  pages.write('broken.html', template.replace('@REPORT_JSON@', () => data));
  const page = await pages.browser.newPage();
  await page.goto(`file://${broken}`);
  await page.getByText('This report cannot be shown').waitFor();
  assert.notEqual(await page.title(), 'ran');
  await page.close();
});

test('Where nobody watched the server, a generator without time left is in doubt', {skip},
  async () => {
    const data = sample('good');
    data.server = null;
    data.generator.saturated = true;
    data.verdict.doubts = ['the generator had no processor time left'];
    const page = await pages.open(write('doubt', data));
    assert.match(await word(page), /Good$/);
    assert.deepEqual(await page.locator('.reasons.invalid li').allInnerTexts(),
      data.verdict.doubts);
    await page.getByText('It may have been: it had no processor time left, and nobody watched')
      .waitFor();
    await pages.close(page);
  });

test('An invalid run says why, and does not call itself good', {skip}, async () => {
  const page = await pages.open(write('invalid'));
  assert.match(await word(page), /Invalid$/);
  const because = await page.locator('.reasons.invalid li').allInnerTexts();
  assert.equal(because.length, 2);
  await page.getByText('Yes: the run is invalid.').waitFor();
  assert.deepEqual(await row(page, 'saturated', 'The generator'), ['yes']);
  assert.equal(await page.getByText('Server: memory').count(), 0);
  await pages.close(page);
});

test('A capacity search shows its answer, its curve and every try', {skip}, async () => {
  const page = await pages.open(write('capacity'));
  const {curve} = sample('capacity');
  assert.match(await word(page), /Holds 8k\/s$/);
  await page.getByText('The next value that did not hold: 16k/s.').waitFor();
  const tries = page.locator('[aria-label="In the order of trying"] tbody tr');
  assert.equal(await tries.count(), curve.flatMap(({runs}) => runs).length);
  assert.deepEqual((await tries.nth(6).locator('th, td').allInnerTexts()).slice(0, 2),
    ['32k/s', '✕ no']);
  await assertDrawn(page, ['p99 by value', 'Deliveries by value', 'Latency by percentile',
    'How many deliveries had which latency', 'Deliveries over', 'Publications', 'Connects']);
  await pages.close(page);
});

test('A search in which nothing held says so, and what the generator limited', {skip},
  async () => {
    const data = sample('capacity');
    data.curve[2].runs[0].verdict.valid = false;
    const page = await pages.open(write('nothing', {...data, answer: null,
      limited_by_generator: true, curve: data.curve.filter(({held}) => !held)}));
    assert.match(await word(page), /Nothing held$/);
    await page.getByText('the generator was the limit').waitFor();
    await page.getByText('! invalid').waitFor();
    assert.equal((await drawnPlots(page)).length, 2);
    await pages.close(page);
  });

test('A comparison shows ratios with intervals, and the pairs', {skip}, async () => {
  const page = await pages.open(write('compare'));
  assert.match(await word(page), /b is better$/);
  await page.getByText('b: build/release/parleyd --workers 1').first().waitFor();
  await page.getByText('deliveries: 1.00 (0.98 to 1.02), which the noise does not').waitFor();
  assert.deepEqual(await page.locator('.forest li').allInnerTexts(), [
    'p50\n0.75 (0.71–0.80)', 'p99\n0.74 (0.69–0.81)', 'deliveries\n1.00 (0.98–1.02)']);
  assert.equal(await page.locator('.forest svg.untold').count(), 1);
  assert.equal(await page.locator('[aria-label="The pairs"] tbody tr').count(), 7);
  await assertDrawn(page, ['Latency by percentile', 'Deliveries of each pair', 'p99 of each pair']);
  await pages.close(page);
});

test('A comparison with an invalid run concludes nothing', {skip}, async () => {
  const data = sample('compare');
  data.pairs[3].b.verdict = {valid: false, invalid_because: ['saturated'], faults: [],
    criteria: [], good: false};
  const page = await pages.open(write('compare-invalid', data));
  assert.match(await word(page), /Invalid$/);
  await page.getByText('1 run invalid: the generator was the bottleneck.').waitFor();
  await pages.close(page);
});

test('Connections that only idle have no latency, and a page', {skip}, async () => {
  const data = sample('good');
  const none = {count: 0, clipped: 0, mean: 0, max: 0, percentiles: [], filled: []};
  Object.assign(data, {latency: none, lag: none});
  data.series = data.series.map((second) => ({...second, publications: 0, deliveries: 0,
    latency: []}));
  data.plan.criteria = '';
  data.verdict.criteria = [];
  const page = await pages.open(write('idle', data));
  assert.match(await word(page), /Good$/);
  assert.deepEqual((await drawnPlots(page)).map(({label}) => label.split(' over')[0]),
    ['Latency by percentile, logarithmic: connecting', 'Connects', 'Server: processor',
      'Server: memory']);
  await pages.close(page);
});

test('parley-load itself writes the page, with what its JSON says', {skip}, async (t) => {
  const server = await Server.forTest(t, ['--profile', 'bench']);
  const [json, html] = [pages.file('own.json'), pages.file('own.html')];
  // How the run ends depends on how busy the machine is; the page must say the same.
  const {status, stderr} = spawnSync(path.join(path.dirname(parleyd), 'parley-load'),
    ['run', '--url', server.ws, '--connections', '20', '--members', '10', '--title', '1 < 2 </b>',
      '--warm-up', '0s', '--duration', '1s', '--json', json, '--html', html],
    {encoding: 'utf8', timeout: 60_000});
  assert.notEqual(status, null, stderr);
  const {verdict, latency, total} = JSON.parse(readFileSync(json, 'utf8'));
  const page = await pages.open(html);
  assert.equal(await page.locator('h1').innerText(), '1 < 2 </b>');
  assert.ok((await word(page)).endsWith(verdictWord(verdict)));
  assert.equal((await row(page, 'measured', 'Latency'))[0], latency.count.toLocaleString('en'));
  assert.equal((await row(page, 'deliveries', 'Messages'))[2],
    total.deliveries.toLocaleString('en'));
  assert.ok((await drawnPlots(page)).length >= 4);
  await pages.close(page);
  await server.stop();
});

test('What is no report is refused in words', {skip}, async () => {
  const page = await pages.browser.newPage();
  await page.goto(`file://${write('other', {schema: 'parley-load/2', kind: 'run'})}`);
  await page.getByText('This page shows parley-load/1, not parley-load/2 run.').waitFor();
  await page.close();
});

test('It fits phones, in light and dark, with enough contrast', {skip}, async () => {
  for (const name of ['good', 'faults', 'invalid', 'capacity', 'compare']) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await pages.open(write(name), {colorScheme, viewport: {width: 360,
        height: 740}});
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360, name);
      assert.deepEqual(await page.evaluate(lowContrasts, '#page'), [], `${name}, ${colorScheme}`);
      await pages.picture(page, `report-${name}-phone-${colorScheme}`, {fullPage: true});
      await page.setViewportSize({width: 1200, height: 1000});
      await page.waitForFunction(() => document.querySelector('.uplot').clientWidth > 400);
      await pages.picture(page, `report-${name}-${colorScheme}`, {fullPage: true});
      await pages.close(page);
    }
  }
});

test('It changes with the screen, and is light on paper', {skip}, async () => {
  const page = await pages.open(write('good'), {colorScheme: 'dark'});
  const look = () => page.evaluate(() => ({
    ground: getComputedStyle(document.querySelector('figure')).backgroundColor,
    stroke: getComputedStyle(document.querySelectorAll('.u-marker')[1]).borderTopColor,
    width: document.querySelector('.uplot').clientWidth,
  }));
  const dark = await look();
  await page.emulateMedia({colorScheme: 'light'});
  await page.waitForFunction((before) => getComputedStyle(document.querySelectorAll('.u-marker')[1])
    .borderTopColor !== before, dark.stroke);
  const light = await look();
  assert.notEqual(light.ground, dark.ground);
  await page.emulateMedia({colorScheme: 'dark', media: 'print'});
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  const paper = await look();
  assert.deepEqual([paper.ground, paper.stroke], [light.ground, light.stroke]);
  assert.ok(paper.width <= 680, `${paper.width} pixels wide`);
  assert.deepEqual(await page.evaluate(lowContrasts, '#page'), []);
  await pages.picture(page, 'report-paper', {fullPage: true});
  await pages.close(page);
});

test('The cursor tells the numbers under it', {skip}, async () => {
  const page = await pages.open(write('good'));
  const plot = page.locator('.plot').first();
  await plot.locator('.u-over').hover();
  const legend = await plot.locator('.u-legend').innerText();
  assert.match(legend, /delivery\s*[\d.]+ [µm]s/);
  assert.match(legend, /percentile\s*99/);
  await pages.close(page);
});
