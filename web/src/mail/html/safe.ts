// From the HTML of a stranger to a document that can only be looked at. DOMPurify takes away what acts; this file takes away
// what fetches, turns style attributes into one sheet that may carry the page's nonce, and says where links lead.
import DOMPurify, { type Config } from 'dompurify';
import plex from '@fontsource-variable/ibm-plex-sans/files/ibm-plex-sans-latin-wght-normal.woff2?url';
import { linkTarget, namesOtherHost } from '../../lib/link';
import { Declarations, cleanSheet, wantsRemote } from './css';
import { limitNesting, takeSheets } from './nesting';

export interface SafeHtml {
  /** A whole document for srcdoc. */
  html: string;
  /** Pictures and backgrounds that were left out because they come from elsewhere. */
  remote: number;
}

export interface SafeOptions {
  nonce: string;
  /** Let pictures be fetched over https: the person asked for it. */
  images: boolean;
  /** Leave links as text. */
  links: boolean;
  /** Pictures of the message itself, by Content-ID, as data: addresses. */
  inline: ReadonlyMap<string, string>;
  /** Dark paper: colours are turned round, pictures are not. */
  dark: boolean;
  lang: string;
  words: { quoteShow: string };
}

const CONFIG: Config & { RETURN_DOM: true } = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: [
    'form', 'input', 'button', 'select', 'option', 'optgroup', 'textarea', 'label', 'fieldset', 'legend', 'datalist', 'output',
    'meter', 'progress', 'audio', 'video', 'source', 'track', 'picture', 'iframe', 'object', 'embed', 'applet', 'base', 'link',
    'meta', 'svg', 'math', 'template', 'slot', 'dialog', 'menu', 'map', 'area', 'canvas', 'noscript', 'marquee', 'style', 'title',
    'details', 'summary',
  ],
  FORBID_ATTR: [
    'srcset', 'sizes', 'poster', 'action', 'formaction', 'ping', 'download', 'autofocus', 'tabindex', 'accesskey',
    'contenteditable', 'draggable', 'usemap', 'ismap', 'name', 'is', 'slot', 'part', 'popover', 'popovertarget', 'inert',
    'autoplay', 'role', 'loading', 'longdesc', 'cite',
  ],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  // DOMPurify asks this of every value that is not known to be harmless, so values that are no address at all pass too.
  // cid: is replaced below; every other address is looked at there again.
  ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|cid):|data:image\/(?:png|jpeg|gif|webp);|[^a-z]|[a-z+.-]+(?:[^a-z+.:-]|$))/i,
  ADD_ATTR: ['data-sgstyle'],
  ADD_URI_SAFE_ATTR: ['data-sgstyle'],
  RETURN_DOM: true,
};

// Attributes that style or act, and <base>, are reported as violations of our policy when they are parsed, even in a document
// nobody sees. So they get another name before the parser sees them; text that holds the same letters gets them back.
const STYLE_NAME = 'data-sgstyle';
const RENAME = /([\s"'/])(style|on[a-z]+)(\s*=)/gi;
const RESTORE = /data-sg(style|on[a-z]+)(\s*=)/gi;

export function safeHtml(source: string, options: SafeOptions): SafeHtml {
  const taken = takeSheets(limitNesting(source));
  let remote = 0;
  const body = taken.html
    // The attributes of <body> are those of its box; the tag itself is not ours to keep.
    .replace(/<(\/?)body\b/gi, '<$1div')
    .replace(/<base\b/gi, '<sg-base')
    .replace(RENAME, '$1data-sg$2$3');
  const root = DOMPurify.sanitize(body, CONFIG) as HTMLElement;
  const styles = new Declarations(options.images);
  const doc = root.ownerDocument;

  const text = doc.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = text.nextNode(); node; node = text.nextNode()) {
    if (node.nodeValue?.includes('data-sg')) {
      node.nodeValue = node.nodeValue.replace(RESTORE, '$1$2');
    }
  }

  for (const item of Array.from(root.querySelectorAll<HTMLElement>('*'))) {
    const style = item.getAttribute(STYLE_NAME);
    item.removeAttribute(STYLE_NAME);
    item.removeAttribute('style');
    if (style) {
      remote += wantsRemote(style) ? 1 : 0;
      const number = styles.number(style);
      if (number >= 0) {
        item.classList.add(`sg-${number}`);
      }
    }
    remote += dropBackground(item, options.images);
    if (item.tagName === 'IMG') {
      remote += placeImage(item as HTMLImageElement, options);
    } else if (item.tagName === 'A') {
      placeLink(item, options);
    }
  }
  foldQuotes(root, options.words.quoteShow);
  remote += taken.sheets.filter(wantsRemote).length;

  // :not() lends the rule of a style attribute the weight of ids, so that it wins over the sheets as it would have.
  const own = styles.rules.map((rule, at) => `.sg-${at}:not(#a#a#a){${rule}}`).join('\n');
  const css = [BASE, options.dark ? DARK : '', ...taken.sheets.map((sheet) => cleanSheet(sheet, options.images)), own].join('\n');
  const pictures = options.images ? 'data: https:' : 'data:';
  return {
    remote,
    html: `<!doctype html><html lang="${options.lang}"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; font-src 'self'; img-src ${pictures}; style-src 'nonce-${options.nonce}'"><meta name="referrer" content="no-referrer"><title>-</title><style nonce="${options.nonce}">${css}</style></head><body>${root.innerHTML}</body></html>`,
  };
}

/** Old mail sets backgrounds by attribute. */
function dropBackground(item: HTMLElement, images: boolean): number {
  const background = item.getAttribute('background');
  if (background === null || (images && background.startsWith('https:'))) {
    return 0;
  }
  item.removeAttribute('background');
  return /^(https?:)?\/\//i.test(background) ? 1 : 0;
}

function placeImage(image: HTMLImageElement, { images, inline }: SafeOptions): number {
  const src = image.getAttribute('src') ?? '';
  if (/^cid:/i.test(src)) {
    const found = inline.get(decodeURIComponent(src.slice(4)));
    if (found) {
      image.setAttribute('src', found);
    } else {
      image.removeAttribute('src');
    }
    return 0;
  }
  if (/^data:/i.test(src)) {
    if (!/^data:image\/(?:png|jpeg|gif|webp);/i.test(src)) {
      image.removeAttribute('src');
    }
    return 0;
  }
  const target = linkTarget(src);
  if (images && target?.url.startsWith('https:')) {
    image.setAttribute('src', target.url);
    image.setAttribute('referrerpolicy', 'no-referrer');
    return 0;
  }
  image.removeAttribute('src');
  // A picture of a dot counts openings; it leaves no hole.
  if (Number(image.getAttribute('width') ?? 9) <= 3 || Number(image.getAttribute('height') ?? 9) <= 3) {
    image.remove();
  }
  return target ? 1 : 0;
}

/** Real host in words beside a link whose text names another one; without links only the text is left. */
function placeLink(link: HTMLElement, { links }: SafeOptions): void {
  const target = linkTarget(link.getAttribute('href') ?? '');
  if (target === null || !links) {
    link.removeAttribute('href');
    link.classList.add('sg-dead');
    if (target !== null && namesOtherHost(link.textContent ?? '', target.host)) {
      markHost(link, target.host);
    }
    return;
  }
  link.setAttribute('href', target.url);
  link.setAttribute('target', '_blank');
  link.setAttribute('rel', 'noopener noreferrer nofollow');
  link.setAttribute('title', target.host);
  if (namesOtherHost(link.textContent ?? '', target.host)) {
    markHost(link, target.host);
  }
}

function markHost(link: HTMLElement, host: string): void {
  const mark = link.ownerDocument.createElement('span');
  mark.className = 'sg-host';
  mark.textContent = ` [${host}]`;
  link.after(mark);
}

/** Quoted earlier mail folds behind one line; <details> opens without a script. */
function foldQuotes(root: HTMLElement, show: string): void {
  for (const quote of Array.from(root.querySelectorAll('blockquote[type="cite"], .gmail_quote, .moz-cite-prefix + blockquote'))) {
    if (quote.parentElement?.closest('details')) {
      continue;
    }
    const details = quote.ownerDocument.createElement('details');
    details.className = 'sg-quote';
    const summary = quote.ownerDocument.createElement('summary');
    summary.textContent = show;
    quote.replaceWith(details);
    details.append(summary, quote);
  }
}

/** Two turns give a picture its own colours back; the tint of white becomes that of the panel's dark surface. */
const DARK = `
html{filter:invert(.9) hue-rotate(180deg)}
img,[background]{filter:invert(1) hue-rotate(180deg)}
`;

const BASE = `
@font-face{font-family:"IBM Plex Sans";font-weight:100 700;src:url("${plex}") format("woff2")}
html{background:#fff;color:#1a2130;color-scheme:light}
body{margin:0;padding:1px 0;font:15px/24px "IBM Plex Sans",system-ui,"Segoe UI",sans-serif;overflow-wrap:anywhere}
img{max-width:100%;height:auto}
img:not([src]){display:inline-block;min-width:24px;min-height:24px;border:1px dashed #8b8679;background:#faf9f6;color:#454d5c;font-size:12px}
table{max-width:100%}
pre{white-space:pre-wrap}
a{color:#25437f}
.sg-dead{color:inherit;text-decoration:underline dotted}
.sg-host{color:#5c3600;background:#fff8e1;font-size:12px}
.sg-quote summary{color:#25437f;font-size:13px;cursor:pointer}
blockquote{margin:8px 0 8px 0;padding-left:14px;border-left:1px solid #8b8679}
`;
