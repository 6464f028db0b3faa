// Small things about showing text; nothing here keeps state.

const linkPattern = /https?:\/\/[^\s<>"']+/g;
const clockTime = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit'});
const dayName = new Intl.DateTimeFormat(undefined, {dateStyle: 'full'});

export const time = (ms) => clockTime.format(ms);
export const day = (ms) => dayName.format(ms);

export function initials(name) {
  const words = name.split(/[\s_.-]+/).filter((word) => word !== '');
  const letters = words.slice(0, 2).map((word) => [...word][0]);
  return letters.join('').toUpperCase() || '?';
}

// One of eight colours, the same for a user everywhere.
export function hue(id) {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  return `h${hash % 8}`;
}

export function typingText(names) {
  if (names.length === 0) return '';
  if (names.length === 1) return `${names[0]} is typing…`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing…`;
  return `${names.length} people are typing…`;
}

// Cuts text into plain parts and links: [{text, href?}].
export function linkParts(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(linkPattern)) {
    const link = match[0].replace(/[.,;:!?)\]]+$/, '');
    if (!URL.canParse(link)) continue;
    if (match.index > end) parts.push({text: text.slice(end, match.index)});
    parts.push({text: link, href: link});
    end = match.index + link.length;
  }
  if (end < text.length) parts.push({text: text.slice(end)});
  return parts;
}
