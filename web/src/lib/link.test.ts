import { describe, expect, it } from 'vitest';
import { linkTarget, namesOtherHost } from './link';

describe('linkTarget', () => {
  it.each([
    ['https://rossimarmi.com/a?b', 'rossimarmi.com'],
    ['HTTP://Rossimarmi.com', 'rossimarmi.com'],
    ['//evil.example/x', 'evil.example'],
    ['https://rossimarmi.com@evil.example/', 'evil.example'],
    ['mailto:anna@rossimarmi.com', 'anna@rossimarmi.com'],
    ['https://rossımarmi.com/', 'xn--rossmarmi-ypb.com'],
  ])('%s leads to %s', (href, host) => {
    expect(linkTarget(href)?.host).toBe(host);
  });
  it.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'blob:https://x', '', 'vbscript:x', '/relative'])('%s leads nowhere', (href) => {
    expect(linkTarget(href)).toBeNull();
  });
});

it('sees a text that names another host', () => {
  expect(namesOtherHost('https://www.rossimarmi.com/fattura', 'evil.example')).toBe(true);
  expect(namesOtherHost('rossimarmi.com', 'evil.example')).toBe(true);
  expect(namesOtherHost('www.rossimarmi.com', 'rossimarmi.com')).toBe(false);
  expect(namesOtherHost('desk@nordwind.example', 'desk@nordwind.example')).toBe(false);
  expect(namesOtherHost('Leggi la fattura', 'evil.example')).toBe(false);
});
