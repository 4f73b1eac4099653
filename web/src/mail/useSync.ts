// Keeps the page true: the server says when something changed (RFC 8620 7.3); without that line it is asked every 15
// seconds. Then the queries on screen read again.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Fault } from '../jmap/client';
import { client, fetchChanges, fetchStates, keys, type States } from '../jmap/mail';
import { endSession, meKey } from '../shell/session';

const POLL_MS = 15_000;
/** While the server's line is open, asking is only for what the line may have lost. */
const LINE_POLL_MS = 60_000;
/** Changes that come close together are read once. */
const GATHER_MS = 150;

export interface Sync {
  /** When the service last answered, as a clock time in ms; null before the first answer. */
  lastAnswer: number | null;
  failing: boolean;
  /** New messages of the last look that had any, and how many looks had some. */
  arrived: { count: number; turn: number };
}

export function useSync(): Sync {
  const queryClient = useQueryClient();
  const [sync, setSync] = useState<Sync>(() => ({
    // A page that was loaded without a network shows what was kept: that is as old as its mailboxes.
    lastAnswer: queryClient.getQueryState(keys.mailboxes)?.dataUpdatedAt ?? null,
    failing: false,
    arrived: { count: 0, turn: 0 },
  }));

  useEffect(() => {
    const abort = new AbortController();
    let states: States | null = null;
    let timer: number | undefined;
    let looking = false;
    let again = false;
    let line: EventSource | undefined;
    let lineOpen = false;
    let lastLook = 0;
    let failed = false;

    async function look(): Promise<void> {
      if (looking) {
        again = true;
        return;
      }
      looking = true;
      lastLook = Date.now();
      try {
        let created = 0;
        if (failed) {
          // Whatever happened meanwhile, also to the session, is not known.
          states = null;
          await Promise.all([keys.all, meKey].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
          failed = false;
          if (!line) {
            void listen();
          }
        }
        if (states === null) {
          states = await fetchStates(abort.signal);
        } else {
          const change = await fetchChanges(states, abort.signal);
          states = change.states;
          created = change.created;
          if (change.changed) {
            await queryClient.invalidateQueries({ queryKey: keys.all });
          }
        }
        setSync((old) => ({
          lastAnswer: Date.now(),
          failing: false,
          arrived: created > 0 ? { count: created, turn: old.arrived.turn + 1 } : old.arrived,
        }));
      } catch (error) {
        if (abort.signal.aborted) {
          return;
        }
        if (error instanceof Fault && error.kind === 'unauthorised') {
          endSession(queryClient);
          return;
        }
        failed = true;
        setSync((old) => ({ ...old, failing: true }));
      } finally {
        looking = false;
        if (again && !abort.signal.aborted) {
          again = false;
          void look();
        }
      }
    }

    function tick() {
      // A hidden page asks nothing; it looks at once when it is seen again.
      if (document.visibilityState === 'visible') {
        void look();
      }
    }

    function poll() {
      if (Date.now() - lastLook >= (lineOpen ? LINE_POLL_MS : POLL_MS) - 100) {
        tick();
      }
    }

    async function listen(): Promise<void> {
      const url = await client.eventUrl().catch(() => null);
      if (url === null || abort.signal.aborted) {
        return;
      }
      line = new EventSource(url);
      line.addEventListener('open', () => (lineOpen = true));
      line.addEventListener('error', () => (lineOpen = false));
      line.addEventListener('state', () => {
        window.clearTimeout(gather);
        gather = window.setTimeout(() => void look(), GATHER_MS);
      });
    }
    let gather: number | undefined;
    void listen();

    void look();
    timer = window.setInterval(poll, POLL_MS);
    document.addEventListener('visibilitychange', tick);
    window.addEventListener('online', tick);
    return () => {
      abort.abort();
      line?.close();
      window.clearTimeout(gather);
      window.clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
      window.removeEventListener('online', tick);
    };
  }, [queryClient]);

  return sync;
}
