// Colours come from style.css, so that plots follow light, dark and paper as everything else does.

const listeners = new Set();

export const color = (name) => getComputedStyle(document.documentElement)
  .getPropertyValue(`--${name}`).trim();

// Calls `redraw` when the colours have changed.
export function onThemeChange(redraw) {
  listeners.add(redraw);
}

const changed = () => listeners.forEach((redraw) => redraw());

export function watchTheme() {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  // Paper is white whatever the screen is. The class comes first: canvases read its colours.
  const onPaper = (yes) => {
    document.documentElement.classList.toggle('paper', yes);
    changed();
  };
  addEventListener('beforeprint', () => onPaper(true));
  addEventListener('afterprint', () => onPaper(false));
}

// A colour between the stops of the heat map's scale, which are --heat-0 to --heat-5.
export function heatScale() {
  const stops = [0, 1, 2, 3, 4, 5].map((index) => parse(color(`heat-${index}`)));
  return (share) => {
    const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const mixed = stops[low].map((part, index) => Math.round(part
      + (stops[low + 1][index] - part) * (at - low)));
    return `rgb(${mixed.join(' ')})`;
  };
}

const parse = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
