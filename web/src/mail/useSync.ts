// Keeps the page true: asks every 15 seconds what changed and lets the queries on screen read again.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Fault } from '../jmap/client';
import { fetchChanges, fetchStates, keys, type States } from '../jmap/mail';
import { expiredKey, meKey } from '../shell/Gate';

const POLL_MS = 15_000;

export interface Sync {
  /** When the service last answered, as a clock time in ms; null before the first answer. */
  lastAnswer: number | null;
  failing: boolean;
  /** New messages of the last look that had any, and how many looks had some. */
  arrived: { count: number; turn: number };
}

export function useSync(): Sync {
  const queryClient = useQueryClient();
  const [sync, setSync] = useState<Sync>({ lastAnswer: null, failing: false, arrived: { count: 0, turn: 0 } });

  useEffect(() => {
    const abort = new AbortController();
    let states: States | null = null;
    let timer: number | undefined;
    let looking = false;

    async function look(): Promise<void> {
      if (looking) {
        return;
      }
      looking = true;
      try {
        let created = 0;
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
          queryClient.setQueryData(expiredKey, true);
          queryClient.setQueryData(meKey, null);
          return;
        }
        setSync((old) => ({ ...old, failing: true }));
      } finally {
        looking = false;
      }
    }

    function tick() {
      // A hidden page asks nothing; it looks at once when it is seen again.
      if (document.visibilityState === 'visible') {
        void look();
      }
    }

    void look();
    timer = window.setInterval(tick, POLL_MS);
    document.addEventListener('visibilitychange', tick);
    window.addEventListener('online', tick);
    return () => {
      abort.abort();
      window.clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
      window.removeEventListener('online', tick);
    };
  }, [queryClient]);

  return sync;
}

export function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    window.addEventListener('online', update);
    window.addEventListener('offline', update);
    return () => {
      window.removeEventListener('online', update);
      window.removeEventListener('offline', update);
    };
  }, []);
  return online;
}
