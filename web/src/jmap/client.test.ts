import { describe, expect, it, vi } from 'vitest';
import { Fault, JmapClient, call, must, refer, type Fetch } from './client';
import { GUARD, MAIL, type Session } from './types';

const SESSION = {
  apiUrl: 'http://127.0.0.1:8080/jmap/api?x=1',
  username: 'giulia@azienda.example',
  state: 's0',
  capabilities: { 'urn:ietf:params:jmap:core': {}, [MAIL]: {}, [GUARD]: {} },
  primaryAccounts: { [MAIL]: 'A1' },
};

type Route = (init?: RequestInit) => Response | Promise<Response>;

function client(routes: Record<string, Route>) {
  const fetcher = vi.fn<Fetch>(async (url, init) => {
    const route = routes[url];
    if (!route) {
      throw new TypeError(`no route ${url}`);
    }
    return route(init);
  });
  return { jmap: new JmapClient(fetcher), fetcher };
}

const json = (value: unknown, status = 200) => () => new Response(JSON.stringify(value), { status });

async function fault(promise: Promise<unknown>): Promise<Fault> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
}

describe('batch', () => {
  it('sends one request to our own origin, with account, capabilities and our header', async () => {
    let sent: RequestInit | undefined;
    const { jmap } = client({
      '/jmap/session': json(SESSION),
      '/jmap/api?x=1': (init) => {
        sent = init;
        return json({ methodResponses: [['Mailbox/get', { state: 's', list: [] }, '0']] })();
      },
    });
    const [boxes] = await jmap.batch([call('Mailbox/get', { ids: null })]);
    expect(must(boxes).state).toBe('s');
    expect(new Headers(sent?.headers).get('X-Sigillo')).toBe('1');
    expect(JSON.parse(String(sent?.body))).toEqual({
      using: ['urn:ietf:params:jmap:core', MAIL, GUARD],
      methodCalls: [['Mailbox/get', { accountId: 'A1', ids: null }, '0']],
    });
  });

  it('asks only for capabilities the server has', async () => {
    let body = '';
    const { jmap } = client({
      '/jmap/session': json({ ...SESSION, capabilities: { [MAIL]: {} } }),
      '/jmap/api?x=1': (init) => {
        body = String(init?.body);
        return json({ methodResponses: [] })();
      },
    });
    await jmap.batch([call('Mailbox/get', { ids: null })]);
    expect(JSON.parse(body).using).toEqual([MAIL]);
  });

  it('gives each call its own answer, in any order, and a Fault for a refused one', async () => {
    const { jmap } = client({
      '/jmap/session': json(SESSION),
      '/jmap/api?x=1': json({
        methodResponses: [
          ['error', { type: 'cannotCalculateChanges' }, '1'],
          ['Email/get', { state: 'e', list: [] }, '0'],
          ['Thread/get', { state: 't', list: [] }, '2'],
        ],
      }),
    });
    const [got, changes, wrong, missing] = await jmap.batch([
      call('Email/get', { ids: [] }),
      call('Email/changes', { sinceState: 'x' }),
      call('Email/get', { '#ids': refer(0, 'Email/query', '/ids') }),
      call('Mailbox/get', { ids: null }),
    ]);
    expect(must(got).state).toBe('e');
    expect(changes).toMatchObject({ kind: 'method', detail: 'cannotCalculateChanges' });
    expect(wrong).toBeInstanceOf(Fault);
    expect(missing).toBeInstanceOf(Fault);
    expect(() => must(changes)).toThrow(Fault);
  });

  it('reads the session once, again after a failure or a reset', async () => {
    let up = false;
    const { jmap, fetcher } = client({
      '/jmap/session': () => (up ? json(SESSION)() : new Response('', { status: 503 })),
      '/jmap/api?x=1': json({ methodResponses: [] }),
    });
    expect((await fault(jmap.session())).kind).toBe('server');
    up = true;
    await jmap.batch([]);
    await jmap.batch([]);
    expect(fetcher.mock.calls.filter(([url]) => url === '/jmap/session')).toHaveLength(2);
    jmap.reset();
    await jmap.session();
    expect(fetcher.mock.calls.filter(([url]) => url === '/jmap/session')).toHaveLength(3);
  });
});

describe('faults', () => {
  it.each([
    ['unauthorised', () => new Response('', { status: 401 })],
    ['server', () => new Response('', { status: 403 })],
    ['server', () => new Response('', { status: 500 })],
    ['server', () => new Response('<html>', { status: 200 })],
    ['server', json({ nothing: true })],
    [
      'network',
      () => {
        throw new TypeError('Failed to fetch');
      },
    ],
  ])('is %s', async (kind, route) => {
    const { jmap } = client({ '/jmap/session': json(SESSION), '/jmap/api?x=1': route as Route });
    expect((await fault(jmap.batch([]))).kind).toBe(kind);
  });

  it('names a session without a mail account', async () => {
    const { jmap } = client({ '/jmap/session': json({ ...SESSION, primaryAccounts: {} }) });
    expect((await fault(jmap.batch([]))).kind).toBe('server');
  });

  it('forwards an abort as it is', async () => {
    const { jmap } = client({
      '/jmap/session': json(SESSION),
      '/jmap/api?x=1': () => {
        throw new DOMException('stop', 'AbortError');
      },
    });
    await expect(jmap.batch([])).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a session that was kept', () => {
  const boxes = json({ methodResponses: [['Mailbox/get', { state: 's', list: [] }, '0']] });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

  function returning(route: Route) {
    const asked: string[] = [];
    const fetcher: Fetch = async (url, init) => {
      asked.push(typeof init?.body === 'string' ? (JSON.parse(init.body) as { methodCalls: [string, { accountId: string }][] }).methodCalls[0]![1].accountId : url);
      return url === '/jmap/session' ? route(init) : boxes();
    };
    const jmap = new JmapClient(fetcher, SESSION as unknown as Session);
    const other = vi.fn();
    jmap.onOther = other;
    return { jmap, asked, other };
  }

  it('serves while the server is still asked, once', async () => {
    let answer = (_: Response): void => undefined;
    const { jmap, asked, other } = returning(() => new Promise((resolve) => (answer = resolve)));
    await jmap.batch([call('Mailbox/get', { ids: null })]);
    expect(asked).toEqual(['/jmap/session', 'A1']);
    answer(json({ ...SESSION, state: 'later' })() as Response);
    await settle();
    await jmap.batch([call('Mailbox/get', { ids: null })]);
    expect(asked).toEqual(['/jmap/session', 'A1', 'A1']);
    expect(other).not.toHaveBeenCalled();
  });

  it('gives way to another account, and says so', async () => {
    const { jmap, asked, other } = returning(json({ ...SESSION, primaryAccounts: { [MAIL]: 'A2' } }));
    await jmap.session();
    await settle();
    expect(other).toHaveBeenCalledOnce();
    await jmap.batch([call('Mailbox/get', { ids: null })]);
    expect(asked.at(-1)).toBe('A2');
  });

  it('is not used after a reset', async () => {
    const { jmap, asked } = returning(json({ ...SESSION, primaryAccounts: { [MAIL]: 'A2' } }));
    jmap.reset();
    await jmap.batch([call('Mailbox/get', { ids: null })]);
    expect(asked).toEqual(['/jmap/session', 'A2']);
  });
});
