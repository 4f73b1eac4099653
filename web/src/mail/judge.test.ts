import { describe, expect, it } from 'vitest';
import type { Email, Finding, Level } from '../jmap/types';
import { familyOf, isReleased, judge, knownFacts, pairOf } from './judge';

function finding(code: string, level: Level, facts: Record<string, string> = {}): Finding {
  return { code, level, facts, title: { it: code, en: code }, text: { it: '', en: '' } };
}

function email(part: Partial<Email>): Email {
  return { keywords: {}, guardVerdict: 'accept', guardHeld: false, guardFindings: [], ...part } as Email;
}

describe('judge', () => {
  it('shows nothing for a checked message without findings', () => {
    expect(judge(email({}))).toBeNull();
  });
  it('makes the highest finding the card and counts the others', () => {
    const found = judge(
      email({ guardFindings: [finding('a', 'note'), finding('b', 'stop'), finding('c', 'caution')], guardVerdict: 'caution' }),
    );
    expect(found).toMatchObject({ level: 'stop', main: { code: 'b' } });
    expect(found?.others.map((item) => item.code)).toEqual(['c', 'a']);
  });
  it('is "stop" for whatever is held, also without a finding', () => {
    expect(judge(email({ guardHeld: true, guardFindings: [finding('a', 'note')] }))).toMatchObject({ level: 'stop', main: { code: 'a' } });
    const { guardHeld: _held, ...silent } = email({ guardVerdict: 'hold' });
    expect(judge(silent)).toMatchObject({ level: 'stop', main: null });
  });
  it('is history once a person released it', () => {
    const released = email({ guardVerdict: 'hold', guardHeld: false, guardFindings: [finding('a', 'stop')] });
    expect(judge(released)).toBeNull();
    expect(isReleased(released)).toBe(true);
    expect(isReleased(email({ guardVerdict: 'hold', guardHeld: true }))).toBe(false);
  });
  it('never reads silence as safe', () => {
    expect(judge(email({ guardVerdict: null }))).toMatchObject({ level: 'caution', unchecked: true });
    const { guardVerdict: _verdict, guardFindings: _findings, ...bare } = email({});
    expect(judge(bare)).toMatchObject({ unchecked: true });
  });
});

it('knows families and the facts that have words', () => {
  expect(familyOf('payment.changed')).toBe('payment');
  expect(familyOf('brandnew.thing')).toBe('other');
  expect(knownFacts(finding('x', 'note', { count: '9', secret: '1', old: 'a', empty: '' }))).toEqual([
    ['old', 'a'],
    ['count', '9'],
  ]);
});

it('finds the pair that people compare', () => {
  expect(pairOf(finding('lookalike.domain', 'stop', { near: 'a.it', domain: 'b.it' }))).toMatchObject({ old: 'a.it', now: 'b.it', labels: 'known' });
  expect(pairOf(finding('payment.contradiction', 'stop', { one: 'X', two: 'Y' }))).toMatchObject({ old: 'X', now: 'Y', labels: 'parts' });
  expect(pairOf(finding('payment.changed', 'stop', { old: 'X', new: 'Y' }))).toMatchObject({ labels: 'time' });
  expect(pairOf(finding('payment.tool', 'note', { old: 'Word', new: 'Calc' }))).toBeNull();
  expect(pairOf(finding('person.reply', 'caution', { old: 'a@b.it' }))).toBeNull();
});
