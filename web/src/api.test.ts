import { expect, it } from 'vitest';
import { retryMinutes } from './api';

it('turns Retry-After into whole minutes', () => {
  expect(retryMinutes(null)).toBe(1);
  expect(retryMinutes('0')).toBe(1);
  expect(retryMinutes('61')).toBe(2);
  expect(retryMinutes('Sat, 21 Nov 2026 18:10:00 GMT', Date.parse('2026-11-21T18:00:00Z'))).toBe(10);
  expect(retryMinutes('rubbish')).toBe(1);
});
