// IBANs as people compare them: groups of four, which groups differ, and what the difference means.

export interface IbanGroup {
  text: string;
  differs: boolean;
}

export type IbanPart = 'country' | 'bank' | 'account';

/** Where the bank identifier stands (offsets in the whole number), by country: ISO 13616 registry. */
const BANKS: Record<string, readonly [from: number, to: number]> = {
  AT: [4, 9], BE: [4, 7], BG: [4, 8], CH: [4, 9], CY: [4, 7], CZ: [4, 8], DE: [4, 12],
  DK: [4, 8], EE: [4, 6], ES: [4, 8], FI: [4, 7], FR: [4, 9], GB: [4, 8], GR: [4, 7],
  HR: [4, 11], HU: [4, 7], IE: [4, 8], IT: [5, 10], LI: [4, 9], LT: [4, 9], LU: [4, 7],
  LV: [4, 8], MC: [4, 9], MT: [4, 8], NL: [4, 8], NO: [4, 8], PL: [4, 12], PT: [4, 8],
  RO: [4, 8], SE: [4, 7], SI: [4, 9], SK: [4, 8], SM: [5, 10], TR: [4, 9],
};

const IBAN_MIN = 15;
const IBAN_MAX = 34;
const IBAN_TEXT = /\b[A-Z]{2}[0-9]{2}(?:[ \u00a0.-]?[A-Z0-9]){11,30}(?![A-Za-z0-9])/g;

export function ibanCompact(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, '').toUpperCase();
}

/** Looks like an IBAN by shape; its check digits may be wrong, which a fraud's often are not. */
export function ibanLike(text: string): boolean {
  const iban = ibanCompact(text);
  return /^[A-Z]{2}[0-9]{2}[A-Z0-9]+$/.test(iban) && iban.length >= IBAN_MIN && iban.length <= IBAN_MAX;
}

export function ibanCountry(text: string): string {
  return ibanCompact(text).slice(0, 2);
}

export function ibanGroups(text: string): string[] {
  return ibanCompact(text).match(/.{1,4}/g) ?? [];
}

/** The groups of `now`, each marked when the group at the same place of `old` is another one. */
export function ibanCompare(old: string, now: string): IbanGroup[] {
  const before = ibanGroups(old);
  return ibanGroups(now).map((text, index) => ({ text, differs: before[index] !== text }));
}

/** What differs, in the order a book-keeper asks: country, bank, account. Another country means all three. */
export function ibanDifference(old: string, now: string): IbanPart[] {
  const before = ibanCompact(old);
  const after = ibanCompact(now);
  if (before === after) {
    return [];
  }
  if (before.slice(0, 2) !== after.slice(0, 2)) {
    return ['country', 'bank', 'account'];
  }
  const bankAt = BANKS[before.slice(0, 2)];
  if (!bankAt) {
    return ['account'];
  }
  const [from, to] = bankAt;
  const bank = before.slice(from, to) !== after.slice(from, to);
  const account = before.slice(to) !== after.slice(to);
  return [...(bank ? (['bank'] as const) : []), ...(account || !bank ? (['account'] as const) : [])];
}

/** Cuts a text at the account numbers in it, so that a held message's numbers can be made impossible to copy. */
export function ibanSegments(text: string): { text: string; iban: boolean }[] {
  const out: { text: string; iban: boolean }[] = [];
  let at = 0;
  for (const match of text.matchAll(IBAN_TEXT)) {
    if (match.index > at) {
      out.push({ text: text.slice(at, match.index), iban: false });
    }
    out.push({ text: match[0], iban: true });
    at = match.index + match[0].length;
  }
  if (at < text.length) {
    out.push({ text: text.slice(at), iban: false });
  }
  return out;
}
