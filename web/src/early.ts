// Answers asked for before anything else is ready, so that a slow line and a slow processor work at the same time.
// The first script imports this file and nothing else: it must stay small.
import type { Me } from './api';
import type { Session } from './jmap/types';

const STORE = 'sigillo.return';
/** An answer that nobody took by then is too old to be shown. */
const FRESH_MS = 15_000;

/** What a return to the panel starts with, as long as somebody is logged in here (warm.ts). No mail is in it. */
export interface Return {
  me: Me;
  session: Session;
  /** The requests of the first screen, letter by letter: an answer counts only for the very same request. */
  boxes: string;
  lists: Record<string, { id: string; body: string }>;
}

let known: Return | null | undefined;
const waiting = new Map<string, { answer: Promise<Response>; asked: number }>();

export function readReturn(): Return | null {
  if (known === undefined) {
    try {
      known = JSON.parse(localStorage.getItem(STORE) ?? 'null') as Return | null;
    } catch {
      known = null;
    }
  }
  return known;
}

export function keepReturn(value: Return | null): void {
  known = value;
  try {
    if (value === null) {
      localStorage.removeItem(STORE);
    } else {
      localStorage.setItem(STORE, JSON.stringify(value));
    }
  } catch {
    // Private windows refuse; then each return is as slow as the first.
  }
}

const nameOf = (url: string, body?: unknown) => (typeof body === 'string' ? `${url}\n${body}` : url);

function ask(url: string, body?: string): void {
  const answer = fetch(url, body === undefined ? undefined : { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Sigillo': '1' }, body });
  answer.catch(() => undefined);
  waiting.set(nameOf(url, body), { answer, asked: performance.now() });
}

/** The cookie and connect-src belong to our origin, whatever host a proxy made the server write in a session. */
export function samePath(url: string): string {
  const parsed = new URL(url, 'http://origin.invalid/');
  return parsed.pathname + parsed.search;
}

/** The place that an address of the panel shows: /mail/inbox/x shows the inbox, and so does /. */
export function placeAt(path: string): string {
  const [, room, slug] = path.split('/');
  return (room === 'mail' && slug) || 'inbox';
}

export function askEarly(): void {
  const value = readReturn();
  if (value === null) {
    return;
  }
  try {
    ask('/api/me');
    ask('/jmap/session');
    const api = samePath(value.session.apiUrl);
    for (const body of [value.lists[placeAt(location.pathname)]?.body, value.boxes]) {
      if (body) {
        ask(api, body);
      }
    }
  } catch {
    // Written by another release: it is written anew after the first screen.
    keepReturn(null);
  }
}

/** The answer that was asked for early, once; undefined when there is none. */
export function takeEarly(url: string, body?: unknown): Promise<Response> | undefined {
  const name = nameOf(url, body);
  const found = waiting.get(name);
  waiting.delete(name);
  return found && performance.now() - found.asked < FRESH_MS ? found.answer : undefined;
}
