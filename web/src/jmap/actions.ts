// What the panel changes on the server. Every call says which messages it could not change.
import { client } from './mail';
import { Fault, call, must, refer } from './client';
import type { Email, ReportAs } from './types';

/** RFC 8620 limits one /set; more than this goes in several. */
const SET_MAX = 200;

export interface Placed {
  id: string;
  mailboxIds: Record<string, boolean>;
  held: boolean;
}

/** The messages themselves and, where a row stands for a conversation, the others of it in the same mailbox. */
export async function fetchPlaced(ids: string[], wholeThreadsIn: string | null): Promise<Placed[]> {
  const properties = ['id', 'threadId', 'mailboxIds', 'guardHeld'];
  const [own, , all] = await client.batch([
    call('Email/get', { ids, properties }),
    call('Thread/get', { '#ids': refer(0, 'Email/get', '/list/*/threadId') }),
    call('Email/get', { '#ids': refer(1, 'Thread/get', '/list/*/emailIds'), properties }),
  ]);
  const wanted = new Set(ids);
  const found = new Map<string, Email>(must(own).list.map((email) => [email.id, email]));
  if (wholeThreadsIn !== null && !(all instanceof Fault)) {
    for (const email of all.list.filter((item) => item.mailboxIds[wholeThreadsIn])) {
      found.set(email.id, email);
    }
  }
  return [...found.values()].map((email) => ({
    id: email.id,
    mailboxIds: email.mailboxIds,
    held: email.guardHeld === true && wanted.has(email.id),
  }));
}

async function inTurns(ids: string[], run: (part: string[]) => Promise<number>): Promise<number> {
  let failed = 0;
  for (let at = 0; at < ids.length; at += SET_MAX) {
    failed += await run(ids.slice(at, at + SET_MAX));
  }
  return failed;
}

/** Gives the number of messages that were not changed. */
export function setEmails(patches: Record<string, Record<string, unknown>>): Promise<number> {
  return inTurns(Object.keys(patches), async (part) => {
    const [done] = await client.batch([
      call('Email/set', { update: Object.fromEntries(part.map((id) => [id, patches[id]!])) }),
    ]);
    return Object.keys(must(done).notUpdated ?? {}).length;
  });
}

export function destroyEmails(ids: string[]): Promise<number> {
  return inTurns(ids, async (part) => {
    const [done] = await client.batch([call('Email/set', { destroy: part })]);
    return Object.keys(must(done).notDestroyed ?? {}).length;
  });
}

/** The id the message has after its release. */
export async function releaseHeld(id: string, reason: string): Promise<string> {
  const [done] = await client.batch([call('Held/release', { ids: [id], reason })]);
  const fresh = must(done).released?.[id];
  if (fresh === undefined) {
    throw new Fault('method', must(done).notReleased?.[id]?.type ?? 'notReleased');
  }
  return fresh;
}

export async function discardHeld(ids: string[]): Promise<number> {
  const [done] = await client.batch([call('Held/discard', { ids })]);
  return Object.keys(must(done).notDiscarded ?? {}).length;
}

export async function report(ids: string[], as: ReportAs): Promise<number> {
  const [done] = await client.batch([call('Guard/report', { ids, as })]);
  return Object.keys(must(done).notReported ?? {}).length;
}
