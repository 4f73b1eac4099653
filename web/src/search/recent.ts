// The last searches of this device, newest first. They are words of the person, not mail.
import { readChoice, writeChoice } from '../lib/store';

const RECENT_MAX = 5;

export function recentSearches(): string[] {
  try {
    const list: unknown = JSON.parse(readChoice('searches') ?? '[]');
    return Array.isArray(list) ? list.filter((item): item is string => typeof item === 'string').slice(0, RECENT_MAX) : [];
  } catch {
    return [];
  }
}

export function rememberSearch(text: string): void {
  writeChoice('searches', JSON.stringify([text, ...recentSearches().filter((item) => item !== text)].slice(0, RECENT_MAX)));
}

export function forgetSearches(): void {
  writeChoice('searches', null);
}
