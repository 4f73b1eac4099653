// What must be done to HTML before a parser sees it, in one pass each: however it is written, the time grows with its length
// only. Pure.

/** Levels of elements that are kept: browsers need time that grows with the square of the nesting. Newsletters stay below 50. */
const LEVELS_MAX = 200;

/** Elements without content, and those a browser closes by itself when the next one begins. */
const FLAT = new Set([
  'br', 'hr', 'img', 'input', 'meta', 'link', 'area', 'base', 'col', 'embed', 'param', 'source', 'track', 'wbr',
  'p', 'li', 'dt', 'dd', 'tr', 'td', 'th', 'tbody', 'thead', 'tfoot', 'option', 'optgroup', 'html', 'head', 'body',
]);

const NAME = /[a-z][a-z0-9:-]*/iy;

/** The offset after the > that ends the tag at `from`, past quoted values; -1 when it never ends. */
function tagEnd(html: string, from: number): number {
  let quote = '';
  for (let at = from; at < html.length; at += 1) {
    const char = html[at]!;
    if (quote !== '') {
      quote = char === quote ? '' : quote;
    } else if (char === '"' || char === "'") {
      quote = char;
    } else if (char === '>') {
      return at + 1;
    }
  }
  return -1;
}

/** The same HTML without the tags that stand deeper than the limit; their text stays. */
export function limitNesting(html: string): string {
  let out = '';
  let done = 0;
  let depth = 0;
  let dropped = 0;
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at + 1)) {
    const close = html[at + 1] === '/';
    NAME.lastIndex = at + (close ? 2 : 1);
    const name = NAME.exec(html)?.[0].toLowerCase();
    if (name === undefined) {
      continue;
    }
    const end = tagEnd(html, NAME.lastIndex);
    if (end < 0) {
      // A tag that never ends swallows the rest, for a browser too.
      break;
    }
    let drop = false;
    if (!FLAT.has(name) && html[end - 2] !== '/') {
      if (!close) {
        drop = depth >= LEVELS_MAX;
        dropped += drop ? 1 : 0;
        depth += drop ? 0 : 1;
      } else if (dropped > 0) {
        drop = true;
        dropped -= 1;
      } else {
        depth = Math.max(0, depth - 1);
      }
    }
    if (drop) {
      out += html.slice(done, at);
      done = end;
    }
    at = end - 1;
  }
  return out + html.slice(done);
}

/** Takes the style sheets out: the HTML without them, and their texts. */
export function takeSheets(html: string): { html: string; sheets: string[] } {
  const sheets: string[] = [];
  const open = /<style\b/gi;
  const close = /<\/style\s*>/gi;
  let out = '';
  let done = 0;
  for (let match = open.exec(html); match; match = open.exec(html)) {
    out += html.slice(done, match.index);
    const start = html.indexOf('>', open.lastIndex);
    close.lastIndex = start;
    const end = start < 0 ? null : close.exec(html);
    if (start >= 0) {
      sheets.push(html.slice(start + 1, end?.index ?? html.length));
    }
    if (end === null) {
      return { html: out, sheets };
    }
    done = close.lastIndex;
    open.lastIndex = done;
  }
  return { html: out + html.slice(done), sheets };
}
