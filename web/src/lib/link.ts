// Where links lead, whatever they say. Pure.
import { cleanLine } from './text';

const SHOWN_MAX = 300;

/** Which address a link opens, or null when it may not be followed at all. */
export function linkTarget(href: string): { url: string; host: string } | null {
  try {
    const url = new URL(href.startsWith('//') ? `https:${href}` : href);
    if (url.protocol === 'mailto:') {
      return { url: url.href, host: decodeURIComponent(url.pathname) };
    }
    return url.protocol === 'https:' || url.protocol === 'http:' ? { url: url.href, host: url.hostname } : null;
  } catch {
    return null;
  }
}

/** A text that looks like an address but names another host than the one the link leads to. */
export function namesOtherHost(shown: string, host: string): boolean {
  // What people read as an address stands at the beginning.
  const text = shown.slice(0, SHOWN_MAX);
  const named = /(?:https?:\/\/)?(?:[\w-]+\.)+[a-z]{2,}/i.exec(cleanLine(text))?.[0];
  if (!named) {
    return false;
  }
  // An address of mail names its host after the @.
  if (host.includes('@') && cleanLine(text).toLowerCase().includes(host.toLowerCase())) {
    return false;
  }
  const bare = (name: string) => name.replace(/^https?:\/\//i, '').replace(/^www\./i, '').toLowerCase();
  return bare(named) !== bare(host);
}
