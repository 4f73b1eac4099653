// What somebody with the role of administrator asks and changes: people, domains, health, the log of deliveries.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { Fault, call, must, sentence } from './client';
import { client } from './mail';
import type { Domain, SetResult } from './types';

export const LOG_PAGE = 100;
const LIVE_MS = 3000;

export const adminKeys = { people: ['admin', 'people'], domains: ['admin', 'domains'] } as const;

export const peopleQuery = queryOptions({
  queryKey: adminKeys.people,
  queryFn: async ({ signal }) => {
    const [got] = await client.batch([call('Person/get', { ids: null })], signal);
    return [...must(got).list].sort((a, b) => a.address.localeCompare(b.address));
  },
});

export const domainsQuery = queryOptions({
  queryKey: adminKeys.domains,
  queryFn: async ({ signal }) => {
    const [got] = await client.batch([call('Domain/get', { ids: null })], signal);
    return [...must(got).list].sort((a, b) => a.domain.localeCompare(b.domain));
  },
});

export const healthQuery = queryOptions({
  queryKey: ['admin', 'health'],
  queryFn: async ({ signal }) => must((await client.batch([call('Health/get', {})], signal))[0]),
  refetchInterval: 10_000,
});

export interface LogFilter {
  text: string;
  outcome: '' | 'accepted' | 'refused';
}

export function logQuery(filter: LogFilter, live: boolean) {
  return queryOptions({
    queryKey: ['admin', 'log', filter],
    queryFn: async ({ signal }) => {
      const [got] = await client.batch(
        [
          call('Delivery/query', {
            filter: {
              ...(filter.text.trim() ? { text: filter.text.trim() } : {}),
              ...(filter.outcome ? { outcome: filter.outcome } : {}),
            },
            limit: LOG_PAGE,
            position: 0,
          }),
        ],
        signal,
      );
      return must(got).list;
    },
    placeholderData: keepPreviousData,
    staleTime: 0,
    refetchInterval: live ? LIVE_MS : false,
  });
}

export function traceQuery(id: string) {
  return queryOptions({
    queryKey: ['admin', 'trace', id],
    queryFn: async ({ signal }) => {
      const [got] = await client.batch([call('Delivery/get', { ids: [id] })], signal);
      return must(got).list[0] ?? null;
    },
  });
}

/** A refusal of one of the objects as an error with the server's own words, when it has some. */
function settled(result: SetResult): SetResult {
  const refused = [result.notCreated, result.notUpdated, result.notDestroyed].flatMap((part) => Object.values(part ?? {}))[0];
  if (refused) {
    throw new Fault('method', refused.type, 0, sentence(refused));
  }
  return result;
}

export async function createPerson(person: { address: string; name: string; password: string }): Promise<void> {
  settled(must((await client.batch([call('Person/set', { create: { new: person } })]))[0]));
}

export async function updatePerson(id: string, patch: Record<string, unknown>): Promise<void> {
  settled(must((await client.batch([call('Person/set', { update: { [id]: patch } })]))[0]));
}

export async function createDomain(domain: string): Promise<void> {
  settled(must((await client.batch([call('Domain/set', { create: { new: { domain } } })]))[0]));
}

/** Has the server look the record up now; what it saw. */
export async function verifyDomain(id: string): Promise<Domain['state']> {
  const [done] = await client.batch([call('Domain/set', { update: { [id]: { verify: true } } })]);
  return (settled(must(done)).updated?.[id] as Partial<Domain> | null)?.state ?? 'pending';
}

export async function destroyDomain(id: string): Promise<void> {
  settled(must((await client.batch([call('Domain/set', { destroy: [id] })]))[0]));
}
