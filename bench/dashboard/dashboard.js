// Makes one page of all results: node bench/dashboard/dashboard.js [--out FILE] [--results FOLDER]

import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

import {buildPage} from '../../loadgen/report/web/build.js';
import {fillPage} from '../../loadgen/report/web/page_data.js';
import {readAll} from './read_results.js';

const root = path.resolve(fileURLToPath(import.meta.url), '../../..');

function readOptions() {
  const {values} = parseArgs({options: {
    out: {type: 'string', default: path.join(root, 'build/dashboard.html')},
    results: {type: 'string', default: path.join(root, 'results')},
  }});
  return values;
}

// From the page to a result's folder, as long as the page stays where it is.
const linkOf = (out, folder) => path.relative(path.dirname(out), path.join(folder, 'README.md'))
  .split(path.sep).map(encodeURIComponent).join('/');

async function main() {
  const options = readOptions();
  const out = path.resolve(options.out);
  const results = readAll(options.results).map((result) => ({...result,
    link: linkOf(out, path.resolve(options.results, result.folder))}));
  const page = fillPage(await buildPage('dashboard'), {schema: 'parley-dashboard/1', results});
  mkdirSync(path.dirname(out), {recursive: true});
  writeFileSync(out, page);
  process.stdout.write(`${path.relative(process.cwd(), out)}: ${results.length} results\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`dashboard: ${error.message}\n`);
  process.exitCode = 1;
}
