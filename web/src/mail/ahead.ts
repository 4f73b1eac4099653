// Reads the message that is likely to be opened next, so that a click shows it at once: the row that the pointer or the focus
// rests on, and the neighbours of the open one. Reading marks nothing as seen; only opening does.
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, type SyntheticEvent } from 'react';
import { emailQuery } from '../jmap/mail';

/** A pointer on its way over the list, or a key held down, rests nowhere. */
const REST_MS = 60;
/** The open message is drawn first. */
const NEIGHBOURS_AFTER_MS = 250;

export function useAhead(neighbours: readonly (string | undefined)[]) {
  const queryClient = useQueryClient();
  const timer = useRef<number | undefined>(undefined);
  const read = useCallback(
    (id: string) => {
      // With a metered line people are asked for nothing they did not ask for.
      if ((navigator as { connection?: { saveData?: boolean } }).connection?.saveData !== true) {
        void queryClient.prefetchQuery({ ...emailQuery(id), retry: false });
      }
    },
    [queryClient],
  );
  useEffect(() => () => window.clearTimeout(timer.current), []);

  const wanted = neighbours.filter((id) => id !== undefined).join(' ');
  useEffect(() => {
    if (wanted === '') {
      return undefined;
    }
    const later = window.setTimeout(() => wanted.split(' ').forEach(read), NEIGHBOURS_AFTER_MS);
    return () => window.clearTimeout(later);
  }, [wanted, read]);

  return useMemo(() => {
    const rest = (event: SyntheticEvent) => {
      window.clearTimeout(timer.current);
      const id = (event.target as Element).closest<HTMLElement>('[role="row"][data-email]')?.dataset['email'];
      if (id !== undefined) {
        timer.current = window.setTimeout(() => read(id), REST_MS);
      }
    };
    return { onPointerOver: rest, onFocus: rest, onPointerLeave: () => window.clearTimeout(timer.current) };
  }, [read]);
}
