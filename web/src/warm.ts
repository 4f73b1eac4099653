// A return to the panel over a slow line: what the first screen needs is asked for at once instead of one after the other.
import type { QueryClient } from '@tanstack/react-query';
import { boxSource, emailQuery, mailboxesQuery, pageQuery, rightsQuery, type Place } from './jmap/mail';
import { readChoice, writeChoice } from './lib/store';
import { meQuery } from './shell/session';

/** The ids of the places, as this device last saw them: with one at hand its list need not wait for the mailboxes (early.ts). */
const BOXES = 'boxes';

type Known = Partial<Record<Place, string>>;

/** Remembers them as long as somebody is logged in here. */
export function rememberBoxes(known: Known | null): void {
  writeChoice(BOXES, known && JSON.stringify(known));
}

function knownBoxes(): Known | null {
  try {
    return JSON.parse(readChoice(BOXES) ?? 'null') as Known | null;
  } catch {
    return null;
  }
}

/** Whatever turns out to be wrong (another account, a mailbox that is gone) is simply not used. */
export function warmUp(queryClient: QueryClient, path: string): void {
  const known = knownBoxes();
  if (known === null) {
    return;
  }
  void queryClient.prefetchQuery(meQuery);
  void queryClient.prefetchQuery(rightsQuery);
  void queryClient.prefetchQuery(mailboxesQuery);
  const [, room, slug, email] = path.split('/');
  const place = (room === 'mail' ? slug : 'inbox') as Place;
  const id = known[place];
  if (id) {
    void queryClient.prefetchQuery(pageQuery(boxSource(id, place), 0));
  }
  if (room === 'mail' && email) {
    void queryClient.prefetchQuery(emailQuery(decodeURIComponent(email)));
  }
}
