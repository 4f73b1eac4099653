// What the panel asks for: mailboxes, one page of a list, one message with its conversation, and "has anything changed".
import { queryOptions } from '@tanstack/react-query';
import { JmapClient, call, must, refer } from './client';
import { Fault } from './client';
import type { Email, EmailHead, Mailbox } from './types';

export const PAGE = 50;

const HEAD = [
  'id', 'threadId', 'mailboxIds', 'keywords', 'receivedAt', 'from', 'to', 'subject', 'preview', 'hasAttachment',
  'guardVerdict', 'guardHeld',
];
const FULL = [...HEAD, 'cc', 'replyTo', 'size', 'textBody', 'bodyValues', 'attachments', 'guardFindings'];

export const client = new JmapClient();

export const keys = {
  all: ['mail'] as const,
  mailboxes: ['mail', 'mailboxes'] as const,
  lists: ['mail', 'list'] as const,
  page: (mailboxId: string, page: number) => ['mail', 'list', mailboxId, page] as const,
  email: (id: string) => ['mail', 'email', id] as const,
};

export const mailboxesQuery = queryOptions({
  queryKey: keys.mailboxes,
  queryFn: async ({ signal }) => {
    const [boxes] = await client.batch([call('Mailbox/get', { ids: null })], signal);
    return sortMailboxes(must(boxes).list);
  },
});

export interface ListPage {
  total: number;
  emails: EmailHead[];
}

/** Properties of the guard are asked for only where the server knows them. */
async function known(properties: string[]): Promise<string[]> {
  const session = await client.session();
  return 'urn:sigillo:guard' in session.capabilities
    ? properties
    : properties.filter((property) => !property.startsWith('guard'));
}

export function pageQuery(mailboxId: string, page: number) {
  return queryOptions({
    queryKey: keys.page(mailboxId, page),
    queryFn: async ({ signal }): Promise<ListPage> => {
      const [found, got] = await client.batch(
        [
          call('Email/query', {
            filter: { inMailbox: mailboxId },
            sort: [{ property: 'receivedAt', isAscending: false }],
            position: page * PAGE,
            limit: PAGE,
            calculateTotal: true,
          }),
          call('Email/get', { '#ids': refer(0, 'Email/query', '/ids'), properties: await known(HEAD) }),
        ],
        signal,
      );
      const query = must(found);
      const byId = new Map(must(got).list.map((email) => [email.id, email]));
      // Email/get answers in any order; a message destroyed between the two calls is simply missing.
      const emails = query.ids.flatMap((id) => byId.get(id) ?? []);
      return { total: query.total ?? query.position + query.ids.length, emails };
    },
  });
}

export interface Conversation {
  email: Email;
  thread: EmailHead[];
}

export function emailQuery(id: string) {
  return queryOptions({
    queryKey: keys.email(id),
    queryFn: async ({ signal }): Promise<Conversation | null> => {
      const [got, threads, members] = await client.batch(
        [
          call('Email/get', { ids: [id], properties: await known(FULL), fetchTextBodyValues: true }),
          call('Thread/get', { '#ids': refer(0, 'Email/get', '/list/*/threadId') }),
          call('Email/get', { '#ids': refer(1, 'Thread/get', '/list/*/emailIds'), properties: await known(HEAD) }),
        ],
        signal,
      );
      const email = must(got).list[0];
      if (!email) {
        return null;
      }
      // A conversation that cannot be read must not hide the message itself.
      const thread = threads instanceof Fault || members instanceof Fault ? [] : members.list;
      return { email, thread: [...thread].sort((a, b) => a.receivedAt.localeCompare(b.receivedAt)) };
    },
  });
}

export interface States {
  mailbox: string;
  email: string;
}

export async function fetchStates(signal?: AbortSignal): Promise<States> {
  const [boxes, emails] = await client.batch(
    [call('Mailbox/get', { ids: [] }), call('Email/get', { ids: [], properties: ['id'] })],
    signal,
  );
  return { mailbox: must(boxes).state, email: must(emails).state };
}

export interface Change {
  states: States;
  changed: boolean;
  created: number;
}

/** Asks what happened since `since`. A server that cannot say (RFC 8620 5.2) means: read everything again. */
export async function fetchChanges(since: States, signal?: AbortSignal): Promise<Change> {
  const [boxes, emails] = await client.batch(
    [
      call('Mailbox/changes', { sinceState: since.mailbox }),
      call('Email/changes', { sinceState: since.email, maxChanges: 500 }),
    ],
    signal,
  );
  if (boxes instanceof Fault || emails instanceof Fault) {
    return { states: await fetchStates(signal), changed: true, created: 0 };
  }
  const states = { mailbox: boxes.newState, email: emails.newState };
  const changed = states.mailbox !== since.mailbox || states.email !== since.email;
  return { states, changed, created: emails.created.length };
}

/** The places of a mailbox list, in the order people look for them; Held stands right after the inbox. */
const PLACES = ['inbox', 'held', 'drafts', 'sent', 'archive', 'junk', 'trash'] as const;
export type Place = (typeof PLACES)[number];

export function placeOf(box: Mailbox): Place | null {
  const role = box.sigilloRole === 'held' ? 'held' : box.role;
  return PLACES.find((place) => place === role) ?? null;
}

export function sortMailboxes(boxes: readonly Mailbox[]): Mailbox[] {
  const rank = (box: Mailbox) => {
    const place = placeOf(box);
    return place === null ? PLACES.length : PLACES.indexOf(place);
  };
  return [...boxes].sort((a, b) => rank(a) - rank(b) || a.sortOrder - b.sortOrder || a.name.localeCompare(b.name));
}

/** Its name in the address bar: the place where there is one, else the id. */
export function boxSlug(box: Mailbox): string {
  return placeOf(box) ?? box.id;
}
