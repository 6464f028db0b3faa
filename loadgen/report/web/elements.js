// Builds the document. Text of the data reaches the page as text nodes only.

// Attributes of `undefined` and `false` are left out; children may be nested arrays, null is none.
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? '' : value);
  }
  const texts = children.flat(Infinity).filter((child) => child !== null && child !== undefined);
  node.append(...texts);
  return node;
}

export function section(title, ...children) {
  return element('section', {}, element('h2', {}, title), ...children);
}

// A plot's place: title, an optional line on how to read it, and the host to draw in.
export function figure(title, note, wide = false) {
  const host = element('div', {class: 'plot'});
  const caption = element('figcaption', {}, element('strong', {}, title),
    note ? element('span', {class: 'note'}, note) : null);
  return {node: element('figure', {class: wide ? 'wide' : undefined}, caption, host), host};
}

const manyColumns = 5;

const cell = (content, numeric) => {
  const attributes = {class: numeric ? 'number' : undefined};
  if (content?.bad) attributes.class = `${attributes.class ?? ''} bad`.trim();
  if (content?.good) attributes.class = `${attributes.class ?? ''} good`.trim();
  const text = content?.text ?? content ?? '';
  return element('td', attributes, text);
};

// `heads` are texts; those that start with '>' are of numbers. A row is a list of texts, nodes or
// {text, bad, good}; its first cell names it.
export function table(heads, rows, name) {
  const numeric = heads.map((head) => head.startsWith('>'));
  const head = element('tr', {}, heads.map((text, index) => element('th',
    {scope: 'col', class: numeric[index] ? 'number' : undefined}, text.replace(/^>/, ''))));
  const body = rows.map(([first, ...others]) => element('tr', {},
    element('th', {scope: 'row'}, first ?? ''),
    others.map((content, index) => cell(content, numeric[index + 1]))));
  // Wide tables scroll by themselves; what scrolls must be reachable by keyboard.
  return element('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': name},
    element('table', {class: heads.length > manyColumns ? 'many' : undefined},
      element('thead', {}, head), element('tbody', {}, body)));
}

// What few want to read, closed until asked for.
export function folded(title, ...children) {
  return element('details', {}, element('summary', {}, title), ...children);
}

export function tiles(list) {
  return element('dl', {class: 'tiles'}, list.map(({name, value, note, bad}) => element('div',
    {class: bad ? 'bad' : undefined}, element('dt', {}, name), element('dd', {}, value),
    note ? element('dd', {class: 'note'}, note) : null)));
}
