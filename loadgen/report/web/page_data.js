// How a page carries its data: JSON in a <script type="application/json"> element.

// In two parts, so that the bundled page holds it once: where the data goes.
export const placeholder = ['@REPORT', 'JSON@'].join('_');

// The page with `data` in it. A '<' in JSON only ever stands in a text, where it may be escaped;
// so none can end the element. report_page.cc does the same.
export function fillPage(template, data) {
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return template.replace(placeholder, () => json);
}

export const pageData = () => JSON.parse(document.getElementById('data').textContent);
