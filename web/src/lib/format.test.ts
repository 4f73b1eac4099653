import { expect, it } from 'vitest';
import { countryName, factDate, fileSize, shortTime } from './format';

const now = new Date(2026, 10, 21, 18, 0);
const iso = (...parts: [number, number, number, number?, number?]) => new Date(...parts).toISOString();

it('tells the time of a row the shorter the nearer it is', () => {
  expect(shortTime(iso(2026, 10, 21, 9, 42), 'it-IT', now)).toBe('09:42');
  expect(shortTime(iso(2026, 10, 20, 23, 59), 'it-IT', now)).toBe('ieri');
  expect(shortTime(iso(2026, 10, 20, 0, 1), 'en-GB', now)).toBe('yesterday');
  expect(shortTime(iso(2026, 10, 19, 9), 'it-IT', now)).toBe('gio');
  expect(shortTime(iso(2026, 1, 3, 9), 'it-IT', now)).toBe('3 feb');
  expect(shortTime(iso(2024, 1, 3, 9), 'it-IT', now)).toBe('03/02/24');
  expect(shortTime('rubbish', 'it-IT', now)).toBe('');
});

it('writes facts as in a book', () => {
  expect(factDate('2024-03-01', 'it-IT')).toBe('01/03/2024');
  expect(factDate('2024-03-01', 'en-GB')).toBe('1 Mar 2024');
  expect(factDate('soon', 'it-IT')).toBe('soon');
  expect(countryName('LT', 'it-IT')).toBe('Lituania');
  expect(countryName('LT', 'en-GB')).toBe('Lithuania');
  expect(countryName('!!', 'it-IT')).toBe('');
  expect(fileSize(10, 'it-IT')).toBe('1 kB');
  expect(fileSize(84_200, 'it-IT')).toBe('84 kB');
});
