// Bundles one page into one HTML file that needs no other: node build.js PAGE OUT
//
// PAGE is "report" or "dashboard": PAGE.html, style.css and what PAGE.js imports. What the page
// shows takes the place of `placeholder`; fillPage() in page_data.js puts it there.

import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

import {placeholder} from './page_data.js';

const folder = path.dirname(fileURLToPath(import.meta.url));
const read = (name) => readFileSync(path.join(folder, name), 'utf8');

async function bundle(name) {
  const {build} = await import('esbuild').catch(() => {
    throw new Error('esbuild is missing: cmake -DFOLDER=loadgen/report/web '
      + '-P cmake/npm_install.cmake installs it');
  });
  const {outputFiles, warnings} = await build({
    entryPoints: [path.join(folder, `${name}.js`)],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: ['es2022'],
    charset: 'utf8',
    logLevel: 'warning',
  });
  if (warnings.length > 0) throw new Error(`${warnings.length} warnings of the bundler`);
  return outputFiles[0].text;
}

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

// The page may run the script and use the style that stand in it, and do nothing else: no network,
// and no script that came in with the data.
const policy = (script, style) => ["default-src 'none'", `script-src ${hash(script)}`,
  `style-src ${hash(style)}`, "base-uri 'none'", "form-action 'none'"].join('; ');

// The licence asks for its text in every copy.
const notice = () => {
  const {version} = JSON.parse(read('node_modules/uplot/package.json'));
  const licence = read('node_modules/uplot/LICENSE').trim();
  if (licence.includes('--')) throw new Error('the licence does not fit into a comment');
  return `<!--\nThis page draws with uPlot ${version}.\n\n${licence}\n-->`;
};

export async function buildPage(name) {
  const script = await bundle(name);
  const style = `${read('node_modules/uplot/dist/uPlot.min.css')}\n${read('style.css')}`;
  if (/<\/(script|style)|<!--/i.test(script + style)) {
    throw new Error('the bundle would end its own element');
  }
  const parts = {policy: policy(script, style), notice: notice(), style, script};
  const html = read(`${name}.html`).replace(/@(policy|notice|style|script)@/g,
    (_, part) => parts[part]);
  if (html.split(placeholder).length !== 2) {
    throw new Error(`the page must hold ${placeholder} exactly once`);
  }
  return html;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [name, out] = process.argv.slice(2);
  if (out === undefined) throw new Error('usage: node build.js PAGE OUT');
  mkdirSync(path.dirname(path.resolve(out)), {recursive: true});
  writeFileSync(out, await buildPage(name));
}
