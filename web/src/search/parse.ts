// The search language of people, Italian and English alike, to a JMAP filter. Pure. What is not understood is told, never
// silently searched for or dropped.
import type { Condition, Filter } from '../jmap/types';

export interface Problem {
  kind: 'operator' | 'value' | 'later';
  text: string;
}

export interface Parsed {
  filter: Filter | null;
  problems: Problem[];
}

export interface BoxName {
  id: string;
  names: string[];
}

type Operator = 'from' | 'to' | 'subject' | 'attachment' | 'before' | 'after' | 'in' | 'is' | 'iban' | 'body';

const OPERATORS: Record<string, Operator> = {
  da: 'from', from: 'from', mittente: 'from', azienda: 'from', company: 'from',
  a: 'to', to: 'to',
  oggetto: 'subject', subject: 'subject',
  testo: 'body', body: 'body',
  allegato: 'attachment', allegati: 'attachment', has: 'attachment', attachment: 'attachment',
  prima: 'before', before: 'before',
  dopo: 'after', after: 'after', dal: 'after',
  in: 'in', casella: 'in',
  è: 'is', e: 'is', is: 'is',
  iban: 'iban',
};

/** Operators of places that are still to come: named as such instead of "unknown". */
const LATER = new Set(['importo', 'amount', 'rischio', 'risk', 'ticket', 'richiesta', 'fase', 'stage']);

const STATES: Record<string, Condition> = {
  nonletto: { notKeyword: '$seen' }, nonletti: { notKeyword: '$seen' }, unread: { notKeyword: '$seen' },
  letto: { hasKeyword: '$seen' }, letti: { hasKeyword: '$seen' }, read: { hasKeyword: '$seen' },
  segnato: { hasKeyword: '$flagged' }, stella: { hasKeyword: '$flagged' }, flagged: { hasKeyword: '$flagged' },
  starred: { hasKeyword: '$flagged' },
  risposto: { hasKeyword: '$answered' }, answered: { hasKeyword: '$answered' },
};

const YES = new Set(['sì', 'si', 'yes', 'attachment', 'attachments', 'allegato', 'allegati', 'true', '1']);
const NO = new Set(['no', 'false', '0']);

interface Term {
  /** Written in quotes: the words stand together. */
  phrase: boolean;
  negative: boolean;
  operator: string | null;
  value: string;
  or: boolean;
}

/** Words, "quoted phrases", -negation, operator:value, and OR between two terms. */
export function searchTerms(text: string): Term[] {
  const terms: Term[] = [];
  const pattern = /(-?)(?:([\p{L}]+):)?(?:"([^"]*)"?|«([^»]*)»?|(\S+)|(?<=:))/gu;
  for (const match of text.matchAll(pattern)) {
    const word = match[5];
    if (!match[1] && !match[2] && (word === 'OR' || word === 'O')) {
      terms.push({ phrase: false, negative: false, operator: null, value: '', or: true });
      continue;
    }
    const value = match[3] ?? match[4] ?? word ?? '';
    // "da:" with nothing after it takes the colon's word as it is being written.
    if (value !== '' || match[2]) {
      terms.push({
        phrase: word === undefined && value !== '',
        negative: match[1] === '-',
        operator: match[2]?.toLowerCase() ?? null,
        value,
        or: false,
      });
    }
  }
  return terms;
}

/** Dates as people write them: 12/03/2026, 12/3, 2026-03-12, oggi, ieri, today, yesterday. Midnight in the person's zone. */
export function searchDate(text: string, now = new Date()): Date | null {
  const day = (back: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - back);
  const word = text.toLowerCase();
  if (word === 'oggi' || word === 'today') {
    return day(0);
  }
  if (word === 'ieri' || word === 'yesterday') {
    return day(1);
  }
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  const book = /^(\d{1,2})[/.](\d{1,2})(?:[/.](\d{2}|\d{4}))?$/.exec(text);
  const parts = iso
    ? [Number(iso[1]), Number(iso[2]), Number(iso[3])]
    : book
      ? [book[3] === undefined ? now.getFullYear() : Number(book[3]) + (book[3].length === 2 ? 2000 : 0), Number(book[2]), Number(book[1])]
      : null;
  if (!parts) {
    return null;
  }
  const [year, month, date] = parts as [number, number, number];
  const made = new Date(year, month - 1, date);
  return made.getMonth() === month - 1 && made.getDate() === date ? made : null;
}

const utc = (date: Date) => date.toISOString().replace(/\.\d{3}Z$/, 'Z');

/** Quotes keep words together and keep the server from reading operators in them (RFC 8621 4.4.1). */
const quoted = (text: string, phrase: boolean) => (phrase && /[\s:-]/.test(text) ? `"${text}"` : text);

function condition(term: Term, boxes: readonly BoxName[], now: Date): Condition | Problem {
  const { operator, value } = term;
  const shown = operator === null ? value : `${operator}:${value}`;
  // An address of the web is a word like another.
  if (operator === null || value.startsWith('//')) {
    return { text: quoted(shown, term.phrase || value.startsWith('//')) };
  }
  const known = OPERATORS[operator];
  if (!known) {
    return { kind: LATER.has(operator) ? 'later' : 'operator', text: `${operator}:` };
  }
  if (value === '') {
    return { kind: 'value', text: shown };
  }
  const word = value.toLowerCase();
  switch (known) {
    case 'from':
      return { from: quoted(value, term.phrase) };
    case 'to':
      return { to: quoted(value, term.phrase) };
    case 'subject':
      return { subject: quoted(value, term.phrase) };
    case 'body':
      return { body: quoted(value, term.phrase) };
    case 'iban':
      // The server knows this one by name and looks past the spaces in numbers.
      return { text: `iban:${value.replace(/\s/g, '')}` };
    case 'attachment':
      return YES.has(word) ? { hasAttachment: true } : NO.has(word) ? { hasAttachment: false } : { kind: 'value', text: shown };
    case 'is':
      return STATES[word.replace(/[-_\s]/g, '')] ?? { kind: 'value', text: shown };
    case 'in': {
      const box = boxes.find((item) => item.names.some((name) => name.toLowerCase() === word));
      return box ? { inMailbox: box.id } : { kind: 'value', text: shown };
    }
    case 'before':
    case 'after': {
      const date = searchDate(value, now);
      return date === null ? { kind: 'value', text: shown } : { [known]: utc(date) };
    }
  }
}

const isProblem = (item: Condition | Problem): item is Problem => 'kind' in item;

export function parseSearch(text: string, boxes: readonly BoxName[] = [], now = new Date()): Parsed {
  const problems: Problem[] = [];
  const all: Filter[] = [];
  let joinNext = false;
  for (const term of searchTerms(text)) {
    if (term.or) {
      joinNext = all.length > 0;
      continue;
    }
    const made = condition(term, boxes, now);
    if (isProblem(made)) {
      problems.push(made);
      continue;
    }
    const one: Filter = term.negative ? { operator: 'NOT', conditions: [made] } : made;
    const last = all[all.length - 1];
    if (joinNext && last) {
      all[all.length - 1] =
        'operator' in last && last.operator === 'OR'
          ? { operator: 'OR', conditions: [...last.conditions, one] }
          : { operator: 'OR', conditions: [last, one] };
    } else {
      all.push(one);
    }
    joinNext = false;
  }
  return { filter: all.length === 0 ? null : all.length === 1 ? all[0]! : { operator: 'AND', conditions: all }, problems };
}

/** Cuts a SearchSnippet at its <mark> pairs (RFC 8621 5) into text; entities are the only other markup in it. */
export function snippetParts(html: string): { text: string; marked: boolean }[] {
  const plain = (text: string) =>
    text.replace(/&(amp|lt|gt|quot|#39|apos);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", apos: "'" })[name] ?? '');
  return html
    .split(/(<mark>[\s\S]*?<\/mark>)/)
    .filter((part) => part !== '')
    .map((part) =>
      part.startsWith('<mark>') ? { text: plain(part.slice(6, -7)), marked: true } : { text: plain(part), marked: false },
    );
}
