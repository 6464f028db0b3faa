// Opens a page from the disk in Chromium and watches what it does.

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

import {chromium} from 'playwright-core';

export const root = path.resolve(fileURLToPath(import.meta.url), '../../../..');
export const fixtures = path.join(root, 'tests/e2e/fixtures');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const skip = existsSync(executablePath) ? false : `there is no ${executablePath}`;
const pictures = process.env.E2E_SCREENSHOTS;
const args = ['--no-sandbox', '--disable-gpu', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// What the pages are bundled from; without a network when it is there already.
export function installPackages() {
  execFileSync('cmake', ['-DFOLDER=loadgen/report/web', '-P', 'cmake/npm_install.cmake'],
    {cwd: root, stdio: ['ignore', 'inherit', 'inherit']});
}

export class Pages {
  static async start() {
    const pages = new Pages();
    pages.folder = mkdtempSync(path.join(os.tmpdir(), 'parley-pages-'));
    pages.browser = await chromium.launch({executablePath, args});
    return pages;
  }

  async stop() {
    await this.browser.close();
    rmSync(this.folder, {recursive: true});
  }

  file(name) {
    return path.join(this.folder, name);
  }

  write(name, html) {
    writeFileSync(this.file(name), html);
    return this.file(name);
  }

  // `complaints` of the page are errors, whatever the policy refused, and requests of any kind.
  async open(file, options = {}) {
    const context = await this.browser.newContext({viewport: {width: 1200, height: 900},
      ...options});
    const page = await context.newPage();
    const complaints = [];
    const url = pathToFileURL(file).href;
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('dialog', (dialog) => complaints.push(dialog.message()));
    page.on('request', (request) => {
      if (request.url() !== url) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(url);
    await page.locator('h1').waitFor();
    await page.evaluate(() => new Promise((resolve) => {
      requestAnimationFrame(() => requestAnimationFrame(resolve));
    }));
    page.complaints = complaints;
    return page;
  }

  // Asserts that nothing was complained about, and closes.
  async close(page) {
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }

  async picture(page, name, options = {}) {
    if (pictures === undefined) return;
    mkdirSync(pictures, {recursive: true});
    await page.screenshot({path: path.join(pictures, `${name}.png`), ...options});
  }
}

export const readFixture = (name) => JSON.parse(readFileSync(path.join(fixtures, name), 'utf8'));

// In the page: for each plot its label and how many colours it is drawn with.
export const drawnPlots = (page) => page.evaluate(() => [...document.querySelectorAll(
  '.uplot canvas')].map((canvas) => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const colors = new Set();
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 255) colors.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
  }
  return {label: canvas.getAttribute('aria-label'), colors: colors.size};
}));
