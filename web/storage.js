// What this browser remembers. Storage may be full, forbidden or filled by others: then the page
// works without it.

function read(area, key, fallback) {
  try {
    const text = area().getItem(`parley.${key}`);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

const written = new Map(); // Asked to write on every change, it does so when there is one.

function write(area, key, value) {
  const text = JSON.stringify(value);
  if (written.get(key) === text) return;
  written.set(key, text);
  try {
    if (value === null) area().removeItem(`parley.${key}`);
    else area().setItem(`parley.${key}`, text);
  } catch {
    // Remembered until the page is closed.
  }
}

const browser = () => globalThis.localStorage;
const tab = () => globalThis.sessionStorage;
const isText = (value) => typeof value === 'string';
const texts = (value) => (Array.isArray(value) ? value.filter(isText) : []);

export const memory = {
  name: () => [read(browser, 'name', null)].find(isText) ?? null,
  setName: (name) => write(browser, 'name', name),
  token: () => [read(browser, 'token', null)].find(isText) ?? null,
  setToken: (token) => write(browser, 'token', token),
  rooms: () => texts(read(browser, 'rooms', [])),
  setRooms: (rooms) => write(browser, 'rooms', rooms),
  // User ids are of this tab: another tab is another guest.
  myIds: () => texts(read(tab, 'ids', [])),
  setMyIds: (ids) => write(tab, 'ids', ids.slice(-50)),
};
