// Dates, sizes and countries in the person's language; the words come from Intl.
const DAY_MS = 86_400_000;

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function daysAgo(date: Date, now: Date): number {
  return Math.round((startOfDay(now) - startOfDay(date)) / DAY_MS);
}

function relativeDay(lang: string, days: number): string {
  return new Intl.RelativeTimeFormat(lang, { numeric: 'auto' }).format(-days, 'day');
}

function clock(date: Date, lang: string): string {
  return new Intl.DateTimeFormat(lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(date);
}

/** For a list row: the hour today, "yesterday", the weekday within six days, else the date. */
export function shortTime(iso: string, lang: string, now = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) {
    return '';
  }
  const days = daysAgo(date, now);
  if (days === 0) {
    return clock(date, lang);
  }
  if (days === 1) {
    return relativeDay(lang, 1);
  }
  if (days > 1 && days < 7) {
    return new Intl.DateTimeFormat(lang, { weekday: 'short' }).format(date);
  }
  const sameYear = date.getFullYear() === now.getFullYear();
  return new Intl.DateTimeFormat(lang, sameYear ? { day: 'numeric', month: 'short' } : { dateStyle: 'short' }).format(date);
}

/** For the head of a message: day in words where near, always with the hour. */
export function longTime(iso: string, lang: string, now = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) {
    return '';
  }
  const days = daysAgo(date, now);
  const day =
    days === 0 || days === 1
      ? relativeDay(lang, days)
      : new Intl.DateTimeFormat(lang, {
          weekday: 'short',
          day: 'numeric',
          month: 'short',
          ...(date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }),
        }).format(date);
  return `${day} ${clock(date, lang)}`;
}

/** A fact's date as in a book: 12/03/2026; the text itself when it is no date. */
export function factDate(text: string, lang: string): string {
  if (!/^\d{4}-\d{2}(-\d{2})?/.test(text)) {
    return text;
  }
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    return text;
  }
  const full: Intl.DateTimeFormatOptions =
    lang.startsWith('it') ? { day: '2-digit', month: '2-digit', year: 'numeric' } : { day: 'numeric', month: 'short', year: 'numeric' };
  return new Intl.DateTimeFormat(lang, { ...full, timeZone: 'UTC' }).format(date);
}

export function clockTime(ms: number, lang: string): string {
  return clock(new Date(ms), lang);
}

export function fileSize(bytes: number, lang: string): string {
  const [unit, size] = bytes >= 1e9 ? ['gigabyte', 1e9] : bytes >= 1e6 ? ['megabyte', 1e6] : (['kilobyte', 1000] as const);
  const value = size === 1000 ? Math.max(1, Math.round(bytes / size)) : bytes / size;
  return new Intl.NumberFormat(lang, { style: 'unit', unit, maximumFractionDigits: 1 }).format(value);
}

export function count(value: number, lang: string): string {
  return new Intl.NumberFormat(lang).format(value);
}

export function countryName(code: string, lang: string): string {
  try {
    return new Intl.DisplayNames([lang], { type: 'region', fallback: 'none' }).of(code) ?? '';
  } catch {
    return '';
  }
}

/** How long ago in words, in the largest unit that fits: "3 anni fa". */
export function ageOf(iso: string, lang: string, now = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) {
    return '';
  }
  const days = Math.max(0, Math.floor((now.getTime() - date.getTime()) / DAY_MS));
  const words = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' });
  return days >= 365
    ? words.format(-Math.floor(days / 365), 'year')
    : days >= 30
      ? words.format(-Math.floor(days / 30), 'month')
      : words.format(-days, 'day');
}

/** Money as the document wrote it: a number with a point, and its currency. */
export function money(text: string, currency: string, lang: string): string {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    return text;
  }
  try {
    return new Intl.NumberFormat(lang, { style: 'currency', currency: currency || 'EUR', useGrouping: 'always' }).format(value);
  } catch {
    return `${new Intl.NumberFormat(lang).format(value)} ${currency}`;
  }
}
