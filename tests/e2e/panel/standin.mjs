// A stand-in for the server's web face: web/dist with the real headers, log-in, and enough JMAP for the panel.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { ARCHIVE, archived, emails, mailboxes, me, password } from './mail.mjs';

const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
const CAPABILITIES = ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail', 'urn:sigillo:guard'];
const COOKIE = 'sigillo=standin';

/** What the server does now; tests change it. `delay` in ms, `fail` an HTTP status or 0, `tries` of log-in. */
export const mood = { delay: 0, fail: 0, tries: 0, state: 1, extra: [] };

export async function startStandin(dist) {
  const server = createServer((request, response) => {
    handle(dist, request, response).catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function handle(dist, request, response) {
  const path = new URL(request.url, 'http://x').pathname;
  if (path.startsWith('/api/') || path.startsWith('/jmap') || path.startsWith('/.well-known/')) {
    const body = await read(request);
    await new Promise((resolve) => setTimeout(resolve, path.startsWith('/jmap/api') ? mood.delay : 0));
    return service(path, request, body, response);
  }
  if (extname(path) !== '' && path.startsWith('/assets/')) {
    const file = join(dist, normalize(path));
    if (!existsSync(file)) {
      return response.writeHead(404).end();
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'X-Content-Type-Options': 'nosniff' });
    return response.end(readFileSync(file));
  }
  const nonce = randomBytes(16).toString('base64');
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  });
  response.end(readFileSync(join(dist, 'index.html'), 'utf8').replaceAll('__CSP_NONCE__', nonce));
}

async function read(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
  }
  return text === '' ? null : JSON.parse(text);
}

function send(response, status, value, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(value === undefined ? '' : JSON.stringify(value));
}

function service(path, request, body, response) {
  const known = (request.headers.cookie ?? '').includes(COOKIE);
  if (request.method === 'POST' && request.headers['x-sigillo'] !== '1') {
    return send(response, 403, { type: 'urn:sigillo:error:origin' });
  }
  switch (path) {
    case '/api/status':
      return send(response, 200, { ok: true, it: 'Servizio operativo', en: 'Service running' });
    case '/api/me':
      return known ? send(response, 200, me) : send(response, 401, {});
    case '/api/logout':
      return send(response, 204, undefined, { 'Set-Cookie': 'sigillo=; Path=/; Max-Age=0' });
    case '/api/login':
      mood.tries += 1;
      if (mood.tries > 3 && body.password !== password) {
        return send(response, 429, {}, { 'Retry-After': '120' });
      }
      return body.address === me.address && body.password === password
        ? send(response, 200, me, { 'Set-Cookie': `${COOKIE}; Path=/; HttpOnly; SameSite=Strict` })
        : send(response, 401, { type: 'x', title_it: 'Indirizzo o password non corretti.', title_en: 'Wrong address or password.' });
  }
  if (!known) {
    return send(response, 401, {});
  }
  if (mood.fail) {
    return send(response, mood.fail, { type: 'about:blank', status: mood.fail });
  }
  if (path === '/.well-known/jmap') {
    return send(response, 307, undefined, { Location: '/jmap/session' });
  }
  if (path === '/jmap/session') {
    return send(response, 200, {
      apiUrl: '/jmap/api', username: me.address, state: 's',
      capabilities: Object.fromEntries(CAPABILITIES.map((urn) => [urn, {}])),
      primaryAccounts: { 'urn:ietf:params:jmap:mail': 'A1' },
    });
  }
  return send(response, 200, { methodResponses: jmap(body.methodCalls), sessionState: 's' });
}

function jmap(calls) {
  const done = [];
  for (const [name, args, tag] of calls) {
    const filled = { ...args };
    for (const key of Object.keys(args).filter((item) => item.startsWith('#'))) {
      const { resultOf, path } = args[key];
      filled[key.slice(1)] = pick(done.find((item) => item[2] === resultOf)[1], path);
    }
    done.push([name, METHODS[name](filled), tag]);
  }
  return done;
}

/** The JSON pointer of RFC 8620 3.7, with its star. */
function pick(value, path) {
  let current = [value];
  for (const step of path.split('/').slice(1)) {
    current = step === '*' ? current.flat() : current.map((item) => item[step]);
  }
  return [...new Set(current.flat())];
}

const all = () => [...mood.extra, ...emails];
const find = (id) => (/^A\d+$/.test(id) ? archived(Number(id.slice(1))) : all().find((item) => item.id === id));

function inBox(id) {
  return id === 'Marchive'
    ? { total: ARCHIVE, slice: (from, count) => Array.from({ length: Math.min(count, ARCHIVE - from) }, (_, i) => `A${from + i}`) }
    : (() => {
        const list = all()
          .filter((item) => item.mailboxIds[id])
          .sort((a, b) => b.receivedAt.localeCompare(a.receivedAt))
          .map((item) => item.id);
        return { total: list.length, slice: (from, count) => list.slice(from, from + count) };
      })();
}

const METHODS = {
  'Mailbox/get': ({ ids }) => ({
    state: String(mood.state), notFound: [],
    list: ids?.length === 0 ? [] : mailboxes.map((box) => ({
      ...box,
      totalEmails: inBox(box.id).total,
      unreadEmails: all().filter((item) => item.mailboxIds[box.id] && !item.keywords.$seen).length,
    })),
  }),
  'Mailbox/changes': ({ sinceState }) => ({ oldState: sinceState, newState: String(mood.state), hasMoreChanges: false, created: [], updated: [], destroyed: [] }),
  'Email/changes': ({ sinceState }) => ({
    oldState: sinceState, newState: String(mood.state), hasMoreChanges: false, updated: [], destroyed: [],
    created: sinceState === String(mood.state) ? [] : mood.extra.map((item) => item.id),
  }),
  'Email/query': ({ filter, position, limit }) => {
    const box = inBox(filter.inMailbox);
    return { queryState: 'q', canCalculateChanges: false, position, ids: box.slice(position, limit), total: box.total };
  },
  'Email/get': ({ ids, properties }) => {
    const found = ids.map(find).filter(Boolean);
    return {
      state: String(mood.state), notFound: ids.filter((id) => !find(id)),
      list: found.map((item) => Object.fromEntries(properties.map((name) => [name, item[name] ?? null]))),
    };
  },
  'Thread/get': ({ ids }) => ({
    state: String(mood.state), notFound: [],
    list: ids.map((id) => ({ id, emailIds: all().filter((item) => item.threadId === id).map((item) => item.id) })),
  }),
};
