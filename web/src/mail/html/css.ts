// Style sheets of strangers, read by the browser's own parser and written again: no @import, no @font-face, no address.

/** Declarations that fetch something; computed texts of the parser always write them as url("..."). */
const FETCHES = /url\(|image-set\(|src\(|image\(|element\(/i;
const RULES_MAX = 4000;
const SHEET_MAX = 400_000;
const STYLES_MAX = 3000;
const STYLE_MAX = 8192;

function remoteIn(value: string): boolean {
  return FETCHES.test(value.replace(/url\("data:image\/(?:png|jpeg|gif|webp)[^"]*"\)/gi, ''));
}

/** The declarations of a rule without those that would fetch; `images` lets https pictures through. */
function declarations(style: CSSStyleDeclaration, images: boolean): string {
  let out = '';
  for (const name of Array.from(style)) {
    const value = style.getPropertyValue(name);
    const fetches = remoteIn(images ? value.replace(/url\("https:\/\/[^"]*"\)/gi, '') : value);
    if (!fetches && !name.startsWith('--')) {
      out += `${name}:${value}${style.getPropertyPriority(name) ? ' !important' : ''};`;
    }
  }
  return out;
}

function rules(list: CSSRuleList, images: boolean, budget: { left: number }): string {
  let out = '';
  for (const rule of Array.from(list)) {
    if (budget.left-- <= 0) {
      break;
    }
    if (rule instanceof CSSStyleRule) {
      out += `${rule.selectorText}{${declarations(rule.style, images)}}`;
    } else if (rule instanceof CSSMediaRule) {
      out += `@media ${rule.media.mediaText}{${rules(rule.cssRules, images, budget)}}`;
    }
  }
  return out;
}

/** A sheet in inert form: parsed, filtered, written again. Constructed sheets ignore @import by definition. */
export function cleanSheet(text: string, images: boolean): string {
  try {
    const sheet = new CSSStyleSheet();
    // Constructed sheets refuse @import anyway, but say so in the console.
    sheet.replaceSync(text.slice(0, SHEET_MAX).replace(/@import[^;]*;?/gi, ''));
    return rules(sheet.cssRules, images, { left: RULES_MAX }).replace(/<\//g, '<\\/');
  } catch {
    return '';
  }
}

/** Filters the contents of style attributes in the same way; each text once, for mail repeats itself. */
export class Declarations {
  readonly #rule: CSSStyleRule;
  readonly #known = new Map<string, number>();
  /** The rule of each number. */
  readonly rules: string[] = [];

  constructor(private readonly images: boolean) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('x{}');
    this.#rule = sheet.cssRules[0] as CSSStyleRule;
  }

  /** The number of this style; -1 when nothing of it is left, or when there are too many. */
  number(text: string): number {
    const found = this.#known.get(text);
    if (found !== undefined) {
      return found;
    }
    let number = -1;
    if (this.rules.length < STYLES_MAX) {
      this.#rule.style.cssText = text.slice(0, STYLE_MAX);
      const clean = declarations(this.#rule.style, this.images).replace(/<\//g, '<\\/');
      if (clean) {
        number = this.rules.length;
        this.rules.push(clean);
      }
    }
    this.#known.set(text, number);
    return number;
  }
}

/** Whether a text of style would fetch something when pictures are shown. */
export function wantsRemote(text: string): boolean {
  return /url\s*\(\s*(?:["']\s*)?https?:/i.test(text);
}
