// In the page: texts whose contrast with what is behind them is below 4.5 (WCAG 2.1,
// 1.4.3), in the element that `within` selects.
export function lowContrasts(within) {
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = parse(color).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.039_28 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (let up = node; up !== null; up = up.parentElement) {
      const color = getComputedStyle(up).backgroundColor;
      if ((parse(color)[3] ?? 1) === 1) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const low = [];
  for (const node of document.querySelectorAll(`${within} *`)) {
    const own = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE
      && child.textContent.trim() !== '');
    if (!own || node.getClientRects().length === 0) continue;
    const [a, b] = [luminance(getComputedStyle(node).color), luminance(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${node.className || node.id || node.tagName}: ${ratio.toFixed(2)}`);
  }
  return low;
}
