// The chat page in Chromium: two people talk, one is cut off and comes back, on any screen, by
// keyboard alone. E2E_SCREENSHOTS=FOLDER writes pictures of it.

import assert from 'node:assert/strict';
import {existsSync, mkdirSync} from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {chromium} from 'playwright-core';

import {Client} from './lib/client.js';
import {lowContrasts} from './lib/contrast.js';
import {Server, mintToken, secret, sleep} from './lib/server.js';
import {TcpProxy} from './lib/tcp_proxy.js';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const skip = existsSync(executablePath) ? false : `there is no ${executablePath}`;
const pictures = process.env.E2E_SCREENSHOTS;
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

let browser;
let server;
let proxy;
const complaints = []; // Of any page: errors, and breaches of the content security policy.

before(async () => {
  if (skip) return;
  server = await Server.start(['--jwt-secret', secret]);
  proxy = await TcpProxy.start(server.port);
  browser = await chromium.launch({executablePath, args});
});

after(async () => {
  if (skip) return;
  await browser.close();
  await proxy.stop();
  await server.stop();
});

async function open(url, {name, ...options} = {}) {
  const context = await browser.newContext({viewport: {width: 1100, height: 720}, ...options});
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Chromium itself reports each connection that the proxy cut.
    const ours = !/^(WebSocket connection|Failed to load resource)/.test(message.text());
    if (message.type() === 'error' && ours) complaints.push(message.text());
  });
  await page.goto(url);
  await state(page, 'Connected');
  if (name !== undefined) await rename(page, name);
  return page;
}

async function rename(page, name) {
  await page.click('#rename');
  await page.fill('#name', name);
  await page.keyboard.press('Enter');
  await page.locator('#me-name', {hasText: name}).waitFor();
  await state(page, 'Connected');
}

const state = (page, text) => page.locator('#status-text', {hasText: text}).waitFor();
const bubble = (page, text) => page.locator('.message:not(.pending) .bubble')
  .getByText(text, {exact: true});
const texts = (page) => page.locator('.message .bubble').allTextContents();

async function say(page, text) {
  await page.fill('#text', text);
  await page.press('#text', 'Enter');
}

const picture = async (page, name) => {
  if (pictures === undefined) return;
  mkdirSync(pictures, {recursive: true});
  await page.screenshot({path: path.join(pictures, `${name}.png`)});
};

test('Two tabs chat; each sees both, marked whose it is', {skip}, async () => {
  const ada = await open(`${server.url}/#tabs`, {name: 'Ada'});
  const grace = await open(`${server.url}/#tabs`, {name: 'Grace'});
  await say(ada, 'hello from Ada');
  await say(grace, 'hello from Grace');
  for (const page of [ada, grace]) {
    await bubble(page, 'hello from Ada').waitFor();
    await bubble(page, 'hello from Grace').waitFor();
    assert.equal(await page.locator('.message.mine').count(), 1);
    assert.equal(await page.locator('#people li').count(), 2);
  }
  await grace.locator('#text').pressSequentially('I am typing');
  await ada.locator('#typing', {hasText: 'Grace is typing'}).waitFor();
  await Promise.all([ada, grace].map((page) => page.context().close()));
});

test('Who is cut off comes back and has everything once, in order', {skip}, async () => {
  const ada = await open(`${server.url}/#cut`, {name: 'Ada'});
  const grace = await open(`${proxy.url}/#cut`, {name: 'Grace'});
  await say(ada, 'before');
  await bubble(grace, 'before').waitFor();
  proxy.cut();
  await state(grace, 'Reconnecting');
  for (const text of ['missed one', 'missed two', 'missed three']) await say(ada, text);
  await say(grace, 'said while away');
  await grace.locator('.pending .fate', {hasText: 'Waits to be sent'}).waitFor();
  assert.equal(await bubble(ada, 'said while away').count(), 0);
  await picture(grace, 'reconnecting');
  proxy.open();
  await grace.locator('#retry').click({timeout: 2000}).catch(() => {});
  await state(grace, 'Connected');
  await bubble(ada, 'said while away').waitFor();
  await bubble(grace, 'said while away').waitFor();
  await say(ada, 'after');
  await bubble(grace, 'after').waitFor();
  const all = ['before', 'missed one', 'missed two', 'missed three', 'said while away', 'after'];
  assert.deepEqual(await texts(ada), all);
  assert.deepEqual(await texts(grace), all);
  assert.equal(await grace.locator('.pending').count(), 0);
  await Promise.all([ada, grace].map((page) => page.context().close()));
});

test('Cut in the middle of a lively talk, again and again, nothing is lost or doubled', {skip},
  async (t) => {
    const bench = await Server.forTest(t, ['--profile', 'bench']);
    const flaky = await TcpProxy.start(bench.port);
    t.after(() => flaky.stop());
    const page = await open(`${flaky.url}/#lively`);
    const writer = await Client.connect(bench);
    await writer.join('lively');
    const count = 120;
    for (let i = 1; i <= count; i += 1) {
      writer.send({type: 'message', room: 'lively', message: `text ${i}`});
      if (i % 6 === 0) await say(page, `own ${i}`);
      if (i % 30 === 15) {
        flaky.cut();
        await sleep(50);
        flaky.open();
      }
      await sleep(20);
    }
    await bubble(page, `text ${count}`).waitFor();
    await bubble(page, `own ${count}`).waitFor();
    await page.waitForFunction(() => document.querySelector('.pending') === null);
    await writer.settled();
    const {messages} = await (await Client.connect(bench)).join('lively', {since: 0});
    assert.equal(messages.length, count + count / 6);
    assert.deepEqual(await texts(page), messages.map(({message}) => message));
    await page.context().close();
    await bench.stop();
  });

test('A restart of the server is seen, survived and marked', {skip}, async (t) => {
  const first = await Server.forTest(t);
  const page = await open(`${first.url}/#restart`);
  await say(page, 'first life');
  await bubble(page, 'first life').waitFor();
  await first.stop();
  await state(page, 'Reconnecting');
  const second = await Server.forTest(t, [], first.port);
  await page.locator('#retry').click({timeout: 2000}).catch(() => {});
  await state(page, 'Connected');
  await say(page, 'second life');
  await bubble(page, 'second life').waitFor();
  await page.getByText('The room began anew').waitFor();
  assert.deepEqual(await texts(page), ['first life', 'second life']);
  await page.context().close();
  await second.stop();
});

test('A rate-limited message is kept with a countdown, and can be edited', {skip}, async () => {
  const page = await open(`${server.url}/#fast`);
  for (let i = 1; i <= 11; i += 1) await say(page, `fast ${i}`);
  const fate = page.locator('.pending .fate', {hasText: /goes out in \d+ s/});
  await fate.waitFor();
  assert.equal(await page.locator('.message:not(.pending)').count(), 10);
  await fate.getByText('Edit').click();
  assert.equal(await page.inputValue('#text'), 'fast 11');
  assert.equal(await page.locator('.pending').count(), 0);
  await page.context().close();
});

test('A rate-limited message goes out by itself when it may', {skip}, async (t) => {
  const limited = await Server.forTest(t, ['--rate-user', '2/3s']);
  const page = await open(`${limited.url}/#fast`);
  for (let i = 1; i <= 5; i += 1) await say(page, `fast ${i}`);
  await bubble(page, 'fast 5').waitFor();
  assert.deepEqual(await texts(page), [1, 2, 3, 4, 5].map((i) => `fast ${i}`));
  await page.context().close();
  await limited.stop();
});

test('Markup, scripts and odd links stay text', {skip}, async () => {
  const page = await open(`${server.url}/#markup`);
  const writer = await Client.connect(server);
  const nasty = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  await writer.ask({type: 'auth', user: {username: '<b onclick=x>Eve</b>'}}, 'authSuccess');
  await writer.join('markup');
  await writer.say('markup', nasty);
  await writer.say('markup', 'javascript:alert(1) see https://example.org/a?b=1.');
  await bubble(page, nasty).waitFor();
  await page.locator('.who', {hasText: '<b onclick=x>Eve</b>'}).first().waitFor();
  const hrefs = await page.locator('.bubble a').evaluateAll((links) => links.map((a) => a.href));
  assert.deepEqual(hrefs, ['https://example.org/a?b=1']);
  assert.equal(await page.locator('.message img, .message script, .message b').count(), 0);
  assert.equal(await page.title(), 'markup · Parley');
  await writer.close();
  await page.context().close();
});

test('Rooms: join, unread count, leave, address, memory', {skip}, async () => {
  const page = await open(`${server.url}/`);
  assert.match(page.url(), /#general$/);
  await page.fill('#join-name', 'second room');
  await page.press('#join-name', 'Enter');
  await page.locator('#room-title', {hasText: 'second room'}).waitFor();
  assert.match(page.url(), /#second%20room$/);
  const writer = await Client.connect(server);
  await writer.join('general');
  await writer.say('general', 'one');
  await writer.say('general', 'two');
  const row = page.locator('#rooms li', {hasText: 'general'});
  await row.locator('.badge', {hasText: '2'}).waitFor();
  assert.equal(await page.title(), '(2) second room · Parley');
  await row.locator('.room').click();
  await bubble(page, 'two').waitFor();
  assert.equal(await page.locator('.badge:visible').count(), 0);
  await page.reload();
  await page.locator('#rooms li', {hasText: 'second room'}).waitFor();
  await page.getByLabel('Leave second room').click();
  await page.waitForFunction(() => document.querySelectorAll('#rooms .leave').length === 1);
  await writer.close();
  await page.context().close();
});

test('Scrolling up pages through the history', {skip}, async (t) => {
  const bench = await Server.forTest(t, ['--profile', 'bench']);
  const writer = await Client.connect(bench);
  await writer.join('long');
  for (let i = 1; i <= 150; i += 1) {
    writer.send({type: 'message', room: 'long', message: `text ${i}`});
  }
  await writer.next((message) => message.type === 'message' && message.seq === 150);
  const page = await open(`${bench.url}/#long`);
  await bubble(page, 'text 150').waitFor();
  for (let i = 0; i < 60 && await bubble(page, 'text 1').count() === 0; i += 1) {
    await page.locator('#scroller').evaluate((node) => {
      node.scrollTop = 0;
    });
    await sleep(100);
  }
  assert.deepEqual(await texts(page), Array.from({length: 150}, (_, index) => `text ${index + 1}`));
  await writer.say('long', 'the newest');
  await page.locator('#to-newest').click();
  await bubble(page, 'the newest').waitFor();
  await writer.close();
  await page.context().close();
  await bench.stop();
});

test('A token in the address signs in, and is taken out of the address (S0-04)', {skip},
  async () => {
    const page = await open(`${server.url}/?token=${mintToken('alice')}#signed`);
    await page.locator('#me-name', {hasText: 'alice'}).waitFor();
    assert.equal(new URL(page.url()).search, '');
    await page.reload();
    await page.locator('#me-name', {hasText: 'alice'}).waitFor();
    await page.click('#sign-out');
    await page.locator('#me-name', {hasText: 'guest-'}).waitFor();
    await page.context().close();
  });

test('A refused sign-in is explained', {skip}, async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${server.url}/?token=bad`);
  await page.locator('#banner', {hasText: 'does not accept your sign-in'}).waitFor();
  await page.click('#sign-out');
  await state(page, 'Connected');
  await page.locator('#banner').waitFor({state: 'hidden'});
  await context.close();
});

test('Everything can be done by keyboard', {skip}, async () => {
  const page = await open(`${server.url}/#keys`);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  await page.keyboard.type('first line');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('second line');
  await page.keyboard.press('Enter');
  await bubble(page, 'first line\nsecond line').waitFor();
  assert.match(page.url(), /#keys$/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('by keyboard');
  await page.keyboard.press('Enter');
  await page.locator('#room-title', {hasText: 'by keyboard'}).waitFor();
  await page.keyboard.type('in the new room');
  await page.keyboard.press('Enter');
  await bubble(page, 'in the new room').waitFor();
  await page.locator('#scroller').focus();
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'join-name');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'text');
  // Each stop of the Tab key shows that it is one, and the way round ends.
  const stops = [];
  for (let i = 0; i < 40; i += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const node = document.activeElement;
      const {outlineStyle} = getComputedStyle(node);
      return {what: node.id || node.dataset.focus || node.className, outlineStyle};
    });
    if (stop.what === 'skip' || stop.what === '') break;
    assert.notEqual(stop.outlineStyle, 'none', stop.what);
    stops.push(stop.what);
  }
  await page.keyboard.press('Control+k');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  assert.match(await page.evaluate(() => document.activeElement.dataset.focus), /^(enter|leave)/);
  await page.context().close();
});

test('It fits a phone of 320 pixels, with rooms behind a button', {skip}, async () => {
  const page = await open(`${server.url}/#phone`, {
    viewport: {width: 320, height: 568}, hasTouch: true, colorScheme: 'dark', name: undefined,
  });
  await say(page, `a_very_long_word_${'x'.repeat(200)}`);
  await page.locator('.message:not(.pending)').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  assert.equal(await page.locator('#sidebar').isVisible(), false);
  await page.tap('#open-menu');
  await page.locator('#rooms .room').first().tap();
  await page.locator('#sidebar').waitFor({state: 'hidden'});
  await page.context().close();
});

test('Light and dark follow the system, both with enough contrast', {skip}, async () => {
  for (const [colorScheme, room] of [['light', 'morning'], ['dark', 'evening']]) {
    const ada = await open(`${server.url}/#${room}`, {colorScheme, name: 'Ada'});
    const grace = await open(`${server.url}/#${room}`, {name: 'Grace'});
    await say(ada, 'Good morning! Has the ring arrived?');
    await bubble(grace, 'Good morning! Has the ring arrived?').waitFor();
    await say(grace, 'It has: completions since eight. https://example.org/ring has the pictures.');
    await say(grace, 'Four workers, one order.');
    await bubble(ada, 'Four workers, one order.').waitFor();
    await say(ada, 'Then let us talk.');
    await bubble(grace, 'Then let us talk.').waitFor();
    await grace.locator('#text').pressSequentially('One moment');
    await ada.locator('#typing', {hasText: 'Grace is typing'}).waitFor();
    const low = await ada.evaluate(lowContrasts, '#app');
    assert.deepEqual(low, [], colorScheme);
    await picture(ada, colorScheme === 'light' ? 'chat' : 'chat-dark');
    await ada.setViewportSize({width: 320, height: 568});
    await picture(ada, `chat-phone-${colorScheme}`);
    await Promise.all([ada, grace].map((page) => page.context().close()));
  }
});

test('Nothing above made the browser complain', {skip}, () => {
  assert.deepEqual(complaints, []);
});
