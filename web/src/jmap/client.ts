// A small JMAP client: one session, one POST per batch, answers typed by method name.
import { samePath, takeEarly } from '../early';
import { ADMIN, CORE, GUARD, MAIL, type Account, type Bilingual, type Methods, type ResultReference, type Session } from './types';

/** What went wrong, seen from a person's side: log in again, no network, server fault, or one refused method. */
export type FaultKind = 'unauthorised' | 'network' | 'server' | 'method';

export class Fault extends Error {
  constructor(
    readonly kind: FaultKind,
    readonly detail: string,
    readonly status = 0,
    /** One sentence for people, where the server has one. */
    readonly why: Bilingual | null = null,
  ) {
    super(`${kind}: ${detail}`);
    this.name = 'Fault';
  }
}

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

type MethodName = keyof Methods;
export interface Call<M extends MethodName = MethodName> {
  name: M;
  args: Methods[M]['args'];
}
type Answers<C extends readonly Call[]> = { [I in keyof C]: Methods[C[I]['name']]['result'] | Fault };

export function call<M extends MethodName>(name: M, args: Methods[M]['args']): Call<M> {
  return { name, args };
}

/** A reference to the answer of the call at `index` of the same batch. */
export function refer(index: number, name: MethodName, path: string): ResultReference {
  return { resultOf: String(index), name, path };
}

/** The answer, or its Fault thrown. */
export function must<T>(answer: T | Fault): T {
  if (answer instanceof Fault) {
    throw answer;
  }
  return answer;
}

/** Reads JSON of a same-origin request and turns every failure into a Fault. */
export async function fetchJson(fetcher: Fetch, url: string, init?: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await (takeEarly(url, init?.body) ?? fetcher(url, init));
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') {
      throw error;
    }
    throw new Fault('network', String(error));
  }
  if (response.status === 401) {
    throw new Fault('unauthorised', response.statusText, response.status);
  }
  if (!response.ok) {
    throw new Fault('server', response.statusText, response.status);
  }
  try {
    return await response.json();
  } catch {
    throw new Fault('server', 'answer is not JSON', response.status);
  }
}

export class JmapClient {
  #session: Promise<Session> | null = null;
  /** The server's session is another one than the one that was kept: what was read with that may be wrong. */
  onOther: () => void = () => undefined;

  constructor(
    private readonly fetcher: Fetch = (input, init) => fetch(input, init),
    /** The session of the last visit: used until the server's own is there (RFC 8620 2, sessions may be kept). */
    private kept: Session | null = null,
  ) {}

  session(): Promise<Session> {
    if (this.#session === null) {
      const fresh = this.#ask();
      this.#session = this.kept ? Promise.resolve(this.kept) : fresh;
    }
    return this.#session;
  }

  /** The address that /.well-known/jmap leads to (RFC 8620 2.2): one way less on a slow line. */
  #ask(): Promise<Session> {
    const { kept } = this;
    const asked = (fetchJson(this.fetcher, '/jmap/session') as Promise<Session>).then(
      (session) => {
        if (kept && this.kept === kept) {
          this.kept = null;
          this.#session = Promise.resolve(session);
          if (!sameSession(session, kept)) {
            this.onOther();
          }
        }
        return session;
      },
      (error: unknown) => {
        if (!kept) {
          this.#session = null;
        }
        throw error;
      },
    );
    if (kept) {
      // Nobody waits for it; without it the kept one is as good as it was, and calls say by themselves what fails.
      asked.catch(() => undefined);
    }
    return asked;
  }

  /** The person's own account: what it may do decides which buttons there are. */
  async account(): Promise<{ id: string; account: Account | undefined }> {
    const session = await this.session();
    const id = session.primaryAccounts[MAIL] ?? '';
    return { id, account: session.accounts?.[id] };
  }

  /** Where a blob is fetched from (RFC 8620 6.2), on our own origin. */
  async downloadUrl(blobId: string, name: string, type: string): Promise<string> {
    const session = await this.session();
    return samePath(
      fillTemplate(session.downloadUrl ?? '/download/{accountId}/{blobId}/{name}?accept={type}', {
        accountId: session.primaryAccounts[MAIL] ?? '',
        blobId,
        name: name || 'file',
        type,
      }),
    );
  }

  /** Where the server tells of changes (RFC 8620 7.3); null when it has no such place. */
  async eventUrl(): Promise<string | null> {
    const { eventSourceUrl } = await this.session();
    return eventSourceUrl ? samePath(fillTemplate(eventSourceUrl, { types: '*', closeafter: 'no', ping: '30' })) : null;
  }

  /** Forgets the session: the next person's account must not be read with the last one's ids. */
  reset(): void {
    this.kept = null;
    this.#session = null;
  }

  /** The text of a request, as batch() sends it. */
  async body(calls: readonly Call[]): Promise<string> {
    const session = await this.session();
    const accountId = session.primaryAccounts[MAIL];
    if (accountId === undefined) {
      throw new Fault('server', 'the session names no mail account');
    }
    const admin = session.accounts?.[accountId]?.accountCapabilities?.[ADMIN] !== undefined;
    const using = [CORE, MAIL, GUARD].filter((urn) => urn in session.capabilities).concat(admin ? [ADMIN] : []);
    const methodCalls = calls.map(({ name, args }, index) => [name, { accountId, ...args }, String(index)]);
    return JSON.stringify({ using, methodCalls });
  }

  /** Sends the calls as one request. A refused method gives a Fault in its place; the others stay usable. */
  async batch<const C extends readonly Call[]>(calls: C, signal?: AbortSignal): Promise<Answers<C>> {
    const body = await this.body(calls);
    const { apiUrl } = await this.session();
    const answer = await fetchJson(this.fetcher, samePath(apiUrl), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Sigillo': '1' },
      body,
      ...(signal ? { signal } : {}),
    });
    return sortAnswers(calls, answer) as Answers<C>;
  }
}

function fillTemplate(template: string, values: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}

/** Its state alone says nothing that a page would show. */
function sameSession(a: Session, b: Session): boolean {
  return JSON.stringify({ ...a, state: '' }) === JSON.stringify({ ...b, state: '' });
}

/** What the server says of a refusal; a sentence in one language only is for the log, not for people. */
export function sentence({ description, descriptionIt }: { description?: unknown; descriptionIt?: unknown }): Bilingual | null {
  return typeof description === 'string' && typeof descriptionIt === 'string' ? { it: descriptionIt, en: description } : null;
}

function sortAnswers(calls: readonly Call[], answer: unknown): unknown[] {
  const responses = (answer as { methodResponses?: unknown }).methodResponses;
  if (!Array.isArray(responses)) {
    throw new Fault('server', 'answer has no methodResponses');
  }
  return calls.map(({ name }, index) => {
    const found = responses.find(
      (item): item is [string, Record<string, unknown>, string] => Array.isArray(item) && item[2] === String(index),
    );
    if (!found) {
      return new Fault('method', `${name} was not answered`);
    }
    if (found[0] === 'error') {
      return new Fault('method', String(found[1]['type'] ?? 'serverFail'), 0, sentence(found[1]));
    }
    return found[0] === name ? found[1] : new Fault('method', `${name} was answered by ${found[0]}`);
  });
}
