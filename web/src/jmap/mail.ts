// What the panel asks of the server about mail: mailboxes, pages of a list, one message with its conversation, changes.
import { queryOptions } from '@tanstack/react-query';
import { readReturn } from '../early';
import { Fault, JmapClient, call, must, refer } from './client';
import { ADMIN, type Email, type EmailHead, type Filter, type Mailbox } from './types';

export const PAGE = 50;

/** More of a body than this is not fetched at once: sanitising it would stop the page. */
export const BODY_MAX = 524_288;

const HEAD = [
  'id', 'threadId', 'mailboxIds', 'keywords', 'receivedAt', 'from', 'to', 'subject', 'preview', 'hasAttachment',
  'guardVerdict', 'guardHeld',
];
const FULL = [
  ...HEAD, 'blobId', 'cc', 'replyTo', 'size', 'textBody', 'htmlBody', 'bodyValues', 'attachments', 'guardFindings', 'guardReported',
];

export const client = new JmapClient(undefined, readReturn()?.session);

export const keys = {
  all: ['mail'] as const,
  mailboxes: ['mail', 'mailboxes'] as const,
  lists: ['mail', 'list'] as const,
  page: (source: Source, page: number) => ['mail', 'list', source.key, page] as const,
  emails: ['mail', 'email'] as const,
  email: (id: string) => ['mail', 'email', id] as const,
  context: (id: string) => ['mail', 'context', id] as const,
};

export interface Rights {
  accountId: string;
  readOnly: boolean;
  admin: boolean;
}

/** What this person may do here; buttons that could not work are not drawn. */
export const rightsQuery = queryOptions({
  queryKey: ['mail', 'rights'],
  queryFn: async (): Promise<Rights> => {
    const { id, account } = await client.account();
    return {
      accountId: id,
      readOnly: account?.isReadOnly ?? false,
      admin: account?.accountCapabilities?.[ADMIN] !== undefined,
    };
  },
  staleTime: Infinity,
});

const boxCalls = [call('Mailbox/get', { ids: null })] as const;

export const mailboxesQuery = queryOptions({
  queryKey: keys.mailboxes,
  queryFn: async ({ signal }) => {
    const [boxes] = await client.batch(boxCalls, signal);
    return sortMailboxes(must(boxes).list);
  },
});

/** Where the rows of a list come from: a mailbox or a search. */
export interface Source {
  key: string;
  filter: Filter;
  /** One row for each conversation instead of one for each message. */
  collapse: boolean;
  /** Rows say why the guard held a message instead of how it begins. */
  reasons: boolean;
  /** Rows show where the words of a search stand. */
  snippets: boolean;
}

export function boxSource(id: string, place: Place | null): Source {
  return {
    key: `box:${id}`,
    filter: { inMailbox: id },
    collapse: place === 'inbox' || place === 'archive' || place === null,
    reasons: place === 'held',
    snippets: false,
  };
}

export interface Row extends EmailHead {
  /** Messages of its conversation, itself included. */
  threadCount: number;
  snippet?: { subject: string | null; preview: string | null };
}

export interface ListPage {
  total: number;
  emails: Row[];
}

/** Properties of the guard are asked for only where the server knows them. */
async function known(properties: string[]): Promise<string[]> {
  const session = await client.session();
  return 'urn:sigillo:guard' in session.capabilities
    ? properties
    : properties.filter((property) => !property.startsWith('guard'));
}

async function pageCalls(source: Source, page: number) {
  const properties = await known(source.reasons ? [...HEAD, 'guardFindings'] : HEAD);
  const ids = refer(0, 'Email/query', '/ids');
  return [
    call('Email/query', {
      filter: source.filter,
      sort: [{ property: 'receivedAt', isAscending: false }],
      position: page * PAGE,
      limit: PAGE,
      calculateTotal: true,
      ...(source.collapse ? { collapseThreads: true } : {}),
    }),
    call('Email/get', { '#ids': ids, properties }),
    call('Thread/get', { '#ids': refer(1, 'Email/get', '/list/*/threadId') }),
    ...(source.snippets ? ([call('SearchSnippet/get', { filter: source.filter, '#emailIds': ids })] as const) : []),
  ] as const;
}

/** The requests of the first screen of a place, as the queries below will send them (early.ts asks them beforehand). */
export async function firstRequests(box: string, place: Place | null): Promise<{ boxes: string; list: string }> {
  return { boxes: await client.body(boxCalls), list: await client.body(await pageCalls(boxSource(box, place), 0)) };
}

export function pageQuery(source: Source, page: number) {
  return queryOptions({
    queryKey: keys.page(source, page),
    queryFn: async ({ signal }): Promise<ListPage> => {
      const [found, got, threads, snippets] = await client.batch(await pageCalls(source, page), signal);
      const query = must(found);
      const sizes = new Map(threads instanceof Fault ? [] : threads.list.map((item) => [item.id, item.emailIds.length]));
      const marked = new Map(
        snippets === undefined || snippets instanceof Fault ? [] : snippets.list.map((item) => [item.emailId, item]),
      );
      const byId = new Map(must(got).list.map((email) => [email.id, email]));
      // Email/get answers in any order; a message destroyed between the two calls is simply missing.
      const emails = query.ids.flatMap((id): Row[] => {
        const email = byId.get(id);
        const snippet = marked.get(id);
        return email
          ? [{ ...email, threadCount: source.collapse ? (sizes.get(email.threadId) ?? 1) : 1, ...(snippet ? { snippet } : {}) }]
          : [];
      });
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
          call('Email/get', {
            ids: [id],
            properties: await known(FULL),
            fetchTextBodyValues: true,
            fetchHTMLBodyValues: true,
            maxBodyValueBytes: BODY_MAX,
          }),
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

export function contextQuery(emailId: string) {
  return queryOptions({
    queryKey: keys.context(emailId),
    queryFn: async ({ signal }) => {
      const [context] = await client.batch([call('Context/get', { emailId })], signal);
      const known = must(context);
      const ids = known.messages.filter((id) => id !== emailId).slice(0, 5);
      if (ids.length === 0) {
        return { ...known, others: [] };
      }
      const [got] = await client.batch([call('Email/get', { ids, properties: ['id', 'subject', 'receivedAt', 'mailboxIds'] })], signal);
      return { ...known, others: got instanceof Fault ? [] : got.list };
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
