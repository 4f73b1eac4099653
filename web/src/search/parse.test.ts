import { describe, expect, it } from 'vitest';
import { parseSearch, searchDate, snippetParts } from './parse';

const now = new Date(2026, 10, 21, 15, 0);
const boxes = [{ id: 'M1', names: ['Posta in arrivo', 'Inbox', 'inbox'] }];
const filter = (text: string) => parseSearch(text, boxes, now).filter;

describe('parseSearch', () => {
  it('says the same in both languages', () => {
    expect(filter('da:rossi allegato:sì')).toEqual(filter('from:rossi has:attachment'));
    expect(filter('da:rossi allegato:sì')).toEqual({ operator: 'AND', conditions: [{ from: 'rossi' }, { hasAttachment: true }] });
    expect(filter('è:nonletto')).toEqual(filter('is:unread'));
    expect(filter('in:"Posta in arrivo"')).toEqual(filter('in:inbox'));
  });
  it('reads words, phrases, negation and OR', () => {
    expect(filter('fattura')).toEqual({ text: 'fattura' });
    expect(filter('"lotto 3"')).toEqual({ text: '"lotto 3"' });
    expect(filter('https://evil.example/x')).toEqual({ text: '"https://evil.example/x"' });
    expect(filter('azienda:rossi')).toEqual({ from: 'rossi' });
    expect(filter('-da:chen')).toEqual({ operator: 'NOT', conditions: [{ from: 'chen' }] });
    expect(filter('a:x OR a:y OR a:z')).toEqual({ operator: 'OR', conditions: [{ to: 'x' }, { to: 'y' }, { to: 'z' }] });
    expect(filter('oggetto:"saldo ordine" iban:IT60')).toEqual({ operator: 'AND', conditions: [{ subject: '"saldo ordine"' }, { text: 'iban:IT60' }] });
  });
  it('tells what it does not understand', () => {
    expect(parseSearch('dda:rossi', boxes, now)).toEqual({ filter: null, problems: [{ kind: 'operator', text: 'dda:' }] });
    expect(parseSearch('in:Needs action', boxes, now).problems).toEqual([{ kind: 'value', text: 'in:Needs' }]);
    expect(parseSearch('prima:boh', boxes, now).problems).toEqual([{ kind: 'value', text: 'prima:boh' }]);
    expect(parseSearch('fase:offerta', boxes, now).problems).toEqual([{ kind: 'later', text: 'fase:' }]);
    expect(parseSearch('da:', boxes, now).problems).toEqual([{ kind: 'value', text: 'da:' }]);
    expect(parseSearch('  ', boxes, now)).toEqual({ filter: null, problems: [] });
  });
  it('never throws', () => {
    for (const text of ['"', '-', ':', '::', 'da:"', 'OR', 'OR OR x', '«', '-"', 'é:x', '\u202e']) {
      expect(() => parseSearch(text, boxes, now)).not.toThrow();
    }
  });
});

it('reads dates as people write them', () => {
  expect(searchDate('12/03/2026', now)).toEqual(new Date(2026, 2, 12));
  expect(searchDate('12/3', now)).toEqual(new Date(2026, 2, 12));
  expect(searchDate('2026-03-12', now)).toEqual(new Date(2026, 2, 12));
  expect(searchDate('ieri', now)).toEqual(new Date(2026, 10, 20));
  expect(searchDate('today', now)).toEqual(new Date(2026, 10, 21));
  expect(searchDate('31/02/2026', now)).toBeNull();
});

it('cuts snippets into text', () => {
  expect(snippetParts('la <mark>fattura</mark> &lt;b&gt;')).toEqual([
    { text: 'la ', marked: false },
    { text: 'fattura', marked: true },
    { text: ' <b>', marked: false },
  ]);
});
