import { describe, expect, it } from 'vitest';
import { addressName, addressParts, bodyBlocks, cleanLine, initials, lowerFirst, markDifference } from './text';

describe('cleanLine', () => {
  it('removes what hides or re-orders', () => {
    expect(cleanLine('fattura\u202efdp.exe')).toBe('fattura fdp.exe');
    expect(cleanLine('Ros\u200bsi\r\n Marmi\u0000')).toBe('Ros si Marmi');
    expect(cleanLine(null)).toBe('');
  });
  it('leaves letters of any script', () => {
    expect(cleanLine('Yıldız 漢字 مرحبا')).toBe('Yıldız 漢字 مرحبا');
  });
});

describe('addresses', () => {
  it('splits at the last @', () => {
    expect(addressParts('"a@b"@rossimarmi.com')).toEqual({ local: '"a@b"', domain: 'rossimarmi.com' });
    expect(addressParts('postmaster')).toEqual({ local: 'postmaster', domain: '' });
  });
  it('shows the address when the name is none or poses as an address', () => {
    expect(addressName({ name: null, email: 'a@x.it' })).toBe('a@x.it');
    expect(addressName({ name: 'anna@rossimarmi.com', email: 'x@evil.example' })).toBe('x@evil.example');
    expect(addressName({ name: ' Anna Rossi ', email: 'a@x.it' })).toBe('Anna Rossi');
    expect(addressName(undefined)).toBe('');
  });
  it('makes initials', () => {
    expect(initials('Anna Maria Rossi')).toBe('AR');
    expect(initials('info@azienda.example')).toBe('IE');
    expect(initials('')).toBe('?');
  });
});

describe('bodyBlocks', () => {
  it('separates own words from quotes', () => {
    expect(bodyBlocks('Ciao,\r\n\r\nbene.\r\n\r\n> vecchio\r\n> testo\r\n\r\nAnna\r\n')).toEqual([
      { quoted: false, text: 'Ciao,\n\nbene.' },
      { quoted: true, text: '> vecchio\n> testo' },
      { quoted: false, text: 'Anna' },
    ]);
  });
  it('folds runs of empty lines and gives nothing for nothing', () => {
    expect(bodyBlocks('a\n\n\n\n\nb')).toEqual([{ quoted: false, text: 'a\n\nb' }]);
    expect(bodyBlocks('\n \n')).toEqual([]);
  });
});

describe('markDifference', () => {
  it.each([
    ['rossimarmi.com', 'rossi-marmi.com', ['-']],
    ['rossimarmi.com', 'rossimarmi.com', []],
    ['rossimarmi.com', 'rossimanni.com', ['nn']],
    ['', 'x', ['x']],
    ['aa', 'aaa', ['a']],
  ])('%s → %s', (old, now, marked) => {
    const parts = markDifference(old, now);
    expect(parts.filter((part) => part.differs).map((part) => part.text)).toEqual(marked);
    expect(parts.map((part) => part.text).join('')).toBe(now);
  });
});

it('lowers a first letter but not an acronym', () => {
  expect(lowerFirst('Prima volta')).toBe('prima volta');
  expect(lowerFirst('L’IBAN è cambiato')).toBe('l’IBAN è cambiato');
  expect(lowerFirst('IBAN changed')).toBe('IBAN changed');
  expect(lowerFirst('')).toBe('');
});
