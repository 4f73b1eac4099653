// Both languages say the same things, every key that is used exists, and none is there for nothing.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import en from './en.json';
import italian from './it.json';

const SRC = fileURLToPath(new URL('..', import.meta.url));

function sources(): string {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(SRC, name), 'utf8'))
    .join('\n');
}

const bare = (key: string) => key.replace(/_(one|other)$/, '');
const blanks = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

describe('translations', () => {
  it('have the same keys in the same order', () => {
    expect(Object.keys(en)).toEqual(Object.keys(italian));
  });

  it('have the same blanks to fill', () => {
    for (const [key, text] of Object.entries(italian)) {
      // A singular may say "one" in words.
      if (!key.endsWith('_one')) {
        expect([key, blanks(en[key as keyof typeof en])]).toEqual([key, blanks(text)]);
      }
    }
  });

  it('have no empty text, no exclamation mark, no straight apostrophe', () => {
    for (const [key, text] of [...Object.entries(italian), ...Object.entries(en)]) {
      expect(text.trim(), key).not.toBe('');
      expect(text, key).not.toMatch(/[!']/);
    }
  });

  it('have each plural in both forms', () => {
    const keys = Object.keys(italian);
    for (const key of keys.filter((item) => /_(one|other)$/.test(item))) {
      expect(keys).toContain(`${bare(key)}_one`);
      expect(keys).toContain(`${bare(key)}_other`);
    }
  });

  it('are all used, and every used key exists', () => {
    const code = sources();
    const known = new Set(Object.keys(italian).map(bare));
    const literal = [...code.matchAll(/'((?:[a-z]+\.)+[a-z]+)'/g)].map((match) => match[1]!);
    const prefixes = [...code.matchAll(/t\(`([a-z.]+)\$\{[^`]*?\}([a-z.]*)`/g)].map((match) => [match[1]!, match[2]!] as const);
    for (const match of code.matchAll(/\bt\(\s*'([^']+)'/g)) {
      expect(known, `used but not translated: ${match[1]}`).toContain(match[1]);
    }
    for (const [prefix] of prefixes) {
      expect([...known].some((key) => key.startsWith(prefix)), prefix).toBe(true);
    }
    const unused = [...known].filter(
      (key) => !literal.includes(key) && !prefixes.some(([head, tail]) => key.startsWith(head) && key.endsWith(tail)),
    );
    expect(unused).toEqual([]);
  });

  it('cover every word that is put together at run time', () => {
    const keys = Object.keys(italian);
    for (const key of ['note', 'caution', 'stop'].map((level) => `warn.${level}`)) {
      expect(keys).toContain(key);
    }
    for (const family of ['payment', 'lookalike', 'thread', 'person', 'link', 'attach', 'text', 'sender', 'message', 'total', 'other']) {
      expect(keys).toContain(`why.${family}`);
    }
    for (const place of ['inbox', 'held', 'drafts', 'sent', 'archive', 'junk', 'trash']) {
      expect(keys).toContain(`box.${place}`);
    }
    for (const fact of ['old', 'new', 'near', 'domain', 'address', 'shown', 'sender', 'client', 'name', 'company', 'country', 'bank', 'host', 'final', 'since', 'count', 'file', 'amount', 'quote']) {
      expect(keys).toContain(`fact.${fact}`);
    }
    for (const kind of ['pdf', 'image', 'invoice', 'sheet', 'doc', 'archive', 'mail', 'text', 'calendar', 'program', 'other']) {
      expect(keys).toContain(`type.${kind}`);
    }
  });
});
