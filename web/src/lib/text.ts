// Text a stranger wrote, made fit to stand in our chrome. Everything here is pure.
import type { Address } from '../jmap/types';

// Bidirectional controls, zero-width marks and C0/C1 controls can re-order or hide parts of a name or file name.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g;

/** One line of header text without characters that hide or re-order others. */
export function cleanLine(text: string | null | undefined): string {
  return (text ?? '').replace(HIDDEN, ' ').replace(/ {2,}/g, ' ').trim();
}

export interface AddressParts {
  local: string;
  domain: string;
}

export function addressParts(email: string): AddressParts {
  const clean = cleanLine(email);
  const at = clean.lastIndexOf('@');
  return at < 0 ? { local: clean, domain: '' } : { local: clean.slice(0, at), domain: clean.slice(at + 1) };
}

/** The name to show; a "name" that is itself an address could hide the true one, so the address wins. */
export function addressName(address: Address | undefined): string {
  const name = cleanLine(address?.name);
  return name === '' || name.includes('@') ? cleanLine(address?.email) : name;
}

export function initials(text: string): string {
  const words = text.split(/[\s.@_-]+/).filter((word) => /^\p{L}/u.test(word));
  const first = words[0]?.[0] ?? '?';
  const last = words.length > 1 ? (words[words.length - 1]?.[0] ?? '') : '';
  return (first + last).toUpperCase();
}

export interface BodyBlock {
  quoted: boolean;
  text: string;
}

/** Splits a plain text into paragraphs of own words and runs of quoted lines (format as in RFC 3676 4.5: leading >). */
export function bodyBlocks(text: string): BodyBlock[] {
  const blocks: BodyBlock[] = [];
  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    const quoted = line.startsWith('>');
    const last = blocks[blocks.length - 1];
    if (last && last.quoted === quoted) {
      last.text += '\n' + line;
    } else {
      blocks.push({ quoted, text: line });
    }
  }
  return blocks
    .map((block) => ({ ...block, text: block.text.replace(/\n{3,}/g, '\n\n').replace(/^\n+/, '').trimEnd() }))
    .filter((block) => block.text !== '');
}

export interface MarkedPart {
  text: string;
  differs: boolean;
}

/** The parts of `now` that are not in `old`: what stands between their common beginning and common end. */
export function markDifference(old: string, now: string): MarkedPart[] {
  const short = Math.min(old.length, now.length);
  let head = 0;
  while (head < short && old[head] === now[head]) {
    head += 1;
  }
  let tail = 0;
  while (tail < short - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) {
    tail += 1;
  }
  return [
    { text: now.slice(0, head), differs: false },
    { text: now.slice(head, now.length - tail), differs: true },
    { text: now.slice(now.length - tail), differs: false },
  ].filter((part) => part.text !== '');
}

export function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** For the middle of a sentence: lower-case first letter, unless the first word is an acronym or has an inner capital. */
export function lowerFirst(text: string): string {
  const word = /^[\p{L}’']+/u.exec(text)?.[0] ?? '';
  const acronym = word.length > 1 && /^\p{Lu}{2}/u.test(word);
  return acronym ? text : text.slice(0, 1).toLowerCase() + text.slice(1);
}
