// A return to the panel over a slow line: what the first screen needs is asked for at once instead of one after the other.
import type { QueryClient } from '@tanstack/react-query';
import type { Me } from './api';
import { keepReturn, placeAt, readReturn, type Return } from './early';
import { boxSource, client, emailQuery, firstRequests, mailboxesQuery, pageQuery, placeOf, rightsQuery, type Place } from './jmap/mail';
import type { Mailbox } from './jmap/types';
import { meQuery } from './shell/session';

/** Remembers how the first screen was asked for, as long as somebody is logged in here. */
export async function rememberReturn(me: Me, boxes: readonly Mailbox[]): Promise<void> {
  const session = await client.session();
  const lists: Return['lists'] = {};
  for (const box of boxes) {
    const place = placeOf(box);
    if (place) {
      lists[place] = { id: box.id, body: (await firstRequests(box.id, place)).list };
    }
  }
  keepReturn({ me, session, lists, boxes: (await firstRequests('', null)).boxes });
}

/** Whatever turns out to be wrong (another account, a mailbox that is gone) is simply not used. */
export function warmUp(queryClient: QueryClient, path: string): void {
  const known = readReturn();
  if (known === null) {
    return;
  }
  void queryClient.prefetchQuery(meQuery);
  void queryClient.prefetchQuery(rightsQuery);
  void queryClient.prefetchQuery(mailboxesQuery);
  const [, room, , email] = path.split('/');
  const place = placeAt(path);
  const id = known.lists[place]?.id;
  if (id) {
    void queryClient.prefetchQuery(pageQuery(boxSource(id, place as Place), 0));
  }
  if (room === 'mail' && email) {
    void queryClient.prefetchQuery(emailQuery(decodeURIComponent(email)));
  }
}
