// What was on screen, kept for as long as the tab is open: a page that is loaded again without a network shows it instead of
// nothing. It is dropped at log-out and when the session ends; the store of files (install.ts) never holds mail.
import { dehydrate, hydrate, type DehydratedState, type Query, type QueryClient } from '@tanstack/react-query';
import type { Me } from '../api';

const STORE = 'sigillo.kept';
/** Browsers give a tab about 5 MB of UTF-16. */
const CHARS_MAX = 1_500_000;

interface Kept {
  me: Me;
  state: DehydratedState;
}

function write(value: string | null): void {
  try {
    if (value === null) {
      sessionStorage.removeItem(STORE);
    } else {
      sessionStorage.setItem(STORE, value);
    }
  } catch {
    // Private windows refuse; then nothing is kept.
  }
}

const PARTS = ['rights', 'mailboxes', 'list', 'email'];

/** Also what could not be refreshed: it is still what was on screen. */
function wanted({ queryKey: [room, part], state }: Query, parts: readonly string[]): boolean {
  return room === 'mail' && parts.includes(String(part)) && state.data !== undefined;
}

function keep(queryClient: QueryClient, me: Me | null | undefined): void {
  if (!me) {
    return;
  }
  // Without the messages themselves when they are too much.
  for (const parts of [PARTS, PARTS.slice(0, -1)]) {
    const state = dehydrate(queryClient, { shouldDehydrateQuery: (query) => wanted(query, parts) });
    const text = JSON.stringify({ me, state } satisfies Kept);
    if (text.length <= CHARS_MAX) {
      write(text);
      return;
    }
  }
}

/** Saves when the page goes; phones only ever hide it. */
export function keepOnLeave(queryClient: QueryClient, meKey: readonly string[]): void {
  const save = () => keep(queryClient, queryClient.getQueryData<Me | null>(meKey));
  window.addEventListener('pagehide', save);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && save());
}

export function dropKept(): void {
  write(null);
}

/** Puts back what was kept and says whose it is; null when there is nothing. */
export function restoreKept(queryClient: QueryClient): Me | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORE) ?? 'null') as Kept | null;
    if (kept === null) {
      return null;
    }
    hydrate(queryClient, kept.state);
    return kept.me;
  } catch {
    return null;
  }
}
