// From what the guard found to the one card a message shows. Pure.
import type { Email, EmailHead, Finding, Level } from '../jmap/types';
import { cleanLine } from '../lib/text';

const RANK: Record<Level, number> = { note: 0, caution: 1, stop: 2 };

export interface Judgement {
  level: Level;
  /** The finding on the card; null for a message that is held, or unchecked, without one. */
  main: Finding | null;
  others: Finding[];
  unchecked: boolean;
}

/**
 * The highest finding is the card, the rest are counted (never two cards on one message). A held message is level
 * "stop" whatever its findings. A message without a verdict is shown as unchecked: silence never means safe.
 */
export function judge(email: Pick<Email, keyof EmailHead>): Judgement | null {
  const findings = [...(email.guardFindings ?? [])].sort((a, b) => RANK[b.level] - RANK[a.level]);
  const main = findings[0] ?? null;
  const others = findings.slice(1);
  if (isHeld(email)) {
    return { level: 'stop', main, others, unchecked: false };
  }
  if (isReleased(email)) {
    // Decided: a line of history takes the card's place.
    return null;
  }
  if (main) {
    return { level: main.level, main, others, unchecked: false };
  }
  return email.guardVerdict ? null : { level: 'caution', main: null, others, unchecked: true };
}

export function isHeld(email: EmailHead): boolean {
  return email.guardHeld === true || (email.guardVerdict === 'hold' && email.guardHeld !== false);
}

/** Judged to be held, and held no more: a person released it. */
export function isReleased(email: EmailHead): boolean {
  return email.guardVerdict === 'hold' && email.guardHeld === false;
}

/** The title of the gravest finding: why a message was held. */
export function reasonOf(email: Pick<Email, keyof EmailHead>, lang: 'it' | 'en'): string {
  const [main] = [...(email.guardFindings ?? [])].sort((a, b) => RANK[b.level] - RANK[a.level]);
  return cleanLine(main?.title[lang]);
}

export function isUnread(email: EmailHead): boolean {
  return email.keywords['$seen'] !== true;
}

const FAMILIES = ['payment', 'lookalike', 'thread', 'person', 'link', 'attach', 'text', 'sender', 'message', 'total'] as const;
export type Family = (typeof FAMILIES)[number] | 'other';

/** The family is the first word of the code: "payment.changed". */
export function familyOf(code: string): Family {
  const word = code.split('.')[0];
  return FAMILIES.find((family) => family === word) ?? 'other';
}

export type Touched = 'file' | 'link' | 'payment' | 'sender';

/** What a card speaks about: there its notch points, and that is what it blocks. */
export function touches(judgement: Judgement): Touched {
  switch (familyOf(judgement.main?.code ?? '')) {
    case 'attach':
      // A stopped message shows its card on top, whatever it is about.
      return judgement.level === 'caution' ? 'file' : 'sender';
    case 'link':
      return 'link';
    case 'payment':
      return 'payment';
    default:
      return 'sender';
  }
}

const FACTS = [
  'old', 'new', 'near', 'domain', 'address', 'shown', 'sender', 'client', 'name', 'company', 'country', 'bank', 'host', 'final', 'since',
  'count', 'file', 'amount', 'quote',
] as const;
export type FactKey = (typeof FACTS)[number];

export interface Pair {
  old: string;
  now: string;
  labels: 'time' | 'known' | 'name' | 'parts';
  /** The facts it shows, which need not be said again. */
  facts: string[];
}

const PAIRS: [codes: RegExp, old: string, now: string, labels: Pair['labels']][] = [
  [/^payment\.contradiction$/, 'one', 'two', 'parts'],
  [/^lookalike\./, 'near', 'domain', 'known'],
  [/^thread\.copy$/, 'near', 'address', 'known'],
  [/^person\.name-address$/, 'shown', 'address', 'name'],
  [/^(payment\.(changed|different)|lookalike|person\.(staff|free-mail|other|reply)|thread|link|sender)/, 'old', 'new', 'time'],
];

/** Two facts that people compare with their eyes, for findings that hold such a pair. */
export function pairOf(finding: Finding): Pair | null {
  for (const [codes, old, now, labels] of PAIRS) {
    const [a, b] = [String(finding.facts[old] ?? '').trim(), String(finding.facts[now] ?? '').trim()];
    if (codes.test(finding.code) && a !== '' && b !== '') {
      return { old: a, now: b, labels, facts: [old, now] };
    }
  }
  return null;
}

/** Facts that have a word in both languages, in a fixed order; others are left to later versions of the panel. */
export function knownFacts(finding: Finding): [FactKey, string][] {
  return FACTS.flatMap((key) => {
    const value = finding.facts[key];
    return value === undefined || value === '' ? [] : [[key, String(value)] as [FactKey, string]];
  });
}
