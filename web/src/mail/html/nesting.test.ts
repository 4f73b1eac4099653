import { describe, expect, it } from 'vitest';
import { limitNesting, takeSheets } from './nesting';

const levels = (html: string) => (html.match(/<div/g) ?? []).length;

describe('limitNesting', () => {
  it('leaves ordinary mail alone', () => {
    const html = '<table><tr><td><p>uno<p>due<br><img src="a>b"></td></tr></table>'.repeat(300);
    expect(limitNesting(html)).toBe(html);
  });
  it('keeps the text of what is too deep', () => {
    const out = limitNesting('<div>'.repeat(5000) + 'in fondo' + '</div>'.repeat(5000) + '<div>dopo</div>');
    expect(levels(out)).toBe(201);
    expect(out).toContain('in fondo');
    expect(out.endsWith('<div>dopo</div>')).toBe(true);
  });
  it('counts what is never closed', () => {
    expect(levels(limitNesting('<div><b>'.repeat(50_000)))).toBe(100);
  });
  it('is quick whatever is written', () => {
    const start = performance.now();
    for (const text of ['<'.repeat(500_000), '<a "'.repeat(100_000), `<a ${'"x" '.repeat(100_000)}`, '<style '.repeat(70_000), '<style></style'.repeat(35_000)]) {
      takeSheets(limitNesting(text));
    }
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

it('takes the sheets out', () => {
  expect(takeSheets('a<style type="x">p{}</style >b<STYLE>q{}')).toEqual({ html: 'ab', sheets: ['p{}', 'q{}'] });
  expect(takeSheets('a<style')).toEqual({ html: 'a', sheets: [] });
  expect(takeSheets('<styled>a</styled>')).toEqual({ html: '<styled>a</styled>', sheets: [] });
});
