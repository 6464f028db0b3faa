// Numbers with the units a person reads. What is not there reads as a dash.

const dash = '–';
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

// Three digits, without zeros that say nothing.
function digits(value) {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2).replace(/\.?0+$/, '');
}

function scaled(value, units, space = ' ') {
  let [chosen] = units;
  // 999.7 would be written as 1000 of the smaller unit.
  for (const unit of units) if (Math.abs(value) >= unit.size * 0.9995) chosen = unit;
  return `${digits(value / chosen.size)}${chosen.name === '' ? '' : space}${chosen.name}`;
}

const times = [{size: 1, name: 'ns'}, {size: 1e3, name: 'µs'}, {size: 1e6, name: 'ms'},
  {size: 1e9, name: 's'}];
const counts = [{size: 1, name: ''}, {size: 1e3, name: 'k'}, {size: 1e6, name: 'M'},
  {size: 1e9, name: 'G'}];
const sizes = [{size: 1, name: 'B'}, {size: 2 ** 10, name: 'KiB'}, {size: 2 ** 20, name: 'MiB'},
  {size: 2 ** 30, name: 'GiB'}, {size: 2 ** 40, name: 'TiB'}];

export const duration = (ns) => (isNumber(ns) ? scaled(ns, times) : dash);
export const short = (value) => (isNumber(value) ? scaled(value, counts, '') : dash);
export const rate = (value) => (isNumber(value) ? `${scaled(value, counts, '')}/s` : dash);
export const bytes = (value) => (isNumber(value) ? scaled(value, sizes) : dash);
export const percent = (share) => (isNumber(share) ? `${digits(share * 100)} %` : dash);
export const cores = (value) => (isNumber(value) ? digits(value) : dash);
export const ratio = (value) => (isNumber(value) ? value.toFixed(value < 9.995 ? 2 : 1) : dash);

// A value in the unit of a workload: nanoseconds as durations, others without their unit.
export const valueIn = (unit) => (unit === 'ns' ? duration : short);
export const withUnit = (text, unit) => (unit === 'ns' || text === dash ? text : `${text} ${unit}`);

// Every digit, in groups of three.
export const count = (value) => (isNumber(value)
  ? value.toLocaleString('en', {maximumFractionDigits: 0}) : dash);

export function seconds(value) {
  if (!isNumber(value)) return dash;
  if (value >= 120) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  return `${digits(value)} s`;
}

export function moment(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return String(iso ?? dash);
  const text = date.toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}

// An object or list of plain values as one line.
export function plain(value) {
  if (value === null || value === undefined) return dash;
  if (Array.isArray(value)) return value.map(plain).join(' ');
  if (typeof value === 'object') {
    return Object.entries(value).map(([name, part]) => `${name} ${plain(part)}`).join(', ');
  }
  return String(value);
}

export const plural = (number, one, more = `${one}s`) => `${count(number)} ${
  number === 1 ? one : more}`;

// What a reader types in a shell to run the same again.
export const commandLine = (words) => (words ?? []).map((word) => (/^[\w@%+=:,./-]+$/.test(word)
  ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`)).join(' ');
