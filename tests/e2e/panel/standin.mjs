// A stand-in for the server's web face: web/dist with the real headers, log-in, and enough JMAP for the panel.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ARCHIVE, archived, contextOf, deliveries, domains, emails, health, mailboxes, me, password, pendingDomain, people, seen } from './mail.mjs';
import { hostile } from './hostile.mjs';

const TYPES = {
  '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2',
  '.png': 'image/png', '.webmanifest': 'application/manifest+json',
};
const DATA = fileURLToPath(new URL('../../data/mail/', import.meta.url));
const CAPABILITIES = ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail', 'urn:sigillo:guard', 'urn:sigillo:admin'];
const COOKIE = 'sigillo=standin';

/** What the server does now; tests change it. `delay` in ms, `fail` an HTTP status or 0, `tries` of log-in, `cut` answers nothing,
 * `line` is how many ms every answer but files is on its way, `release` is a folder for its files: the first script outside it is gone then. */
export const mood = { delay: 0, fail: 0, tries: 0, state: 1, extra: [], refuse: new Set(), calls: [], dns: 'notFound', cut: false, line: 0, release: '' };

/** Changes made by tests, undone by `calm`. */
const boxesOf = new Map();
const wordsOf = new Map();
const gone = new Set();
const freed = new Set();
const reports = new Map();
const lines = new Set();

export function calm() {
  Object.assign(mood, { delay: 0, fail: 0, tries: 0, extra: [], calls: [], dns: 'notFound', cut: false, line: 0, release: '' });
  mood.refuse.clear();
  boxesOf.clear();
  wordsOf.clear();
  gone.clear();
  freed.clear();
  reports.clear();
}

/** Tells every open line that something changed. */
export function announce() {
  mood.state += 1;
  for (const line of lines) {
    line.write(`event: state\ndata: ${JSON.stringify({ '@type': 'StateChange', changed: { A1: { Email: String(mood.state) } } })}\n\n`);
  }
}

export async function startStandin(dist) {
  const server = createServer((request, response) => {
    if (mood.cut) {
      request.socket.destroy();
      return;
    }
    handle(dist, request, response).catch((error) => {
      response.headersSent ? response.destroy() : response.writeHead(500).end(String(error));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function handle(dist, request, response) {
  const path = new URL(request.url, 'http://x').pathname;
  await new Promise((resolve) => setTimeout(resolve, extname(path) === '' ? mood.line : 0));
  if (path.startsWith('/api/') || path.startsWith('/jmap') || path.startsWith('/.well-known/')) {
    const body = await read(request);
    await new Promise((resolve) => setTimeout(resolve, path.startsWith('/jmap/api') ? mood.delay : 0));
    return service(path, request, body, response);
  }
  if (path === '/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write(': open\n\n');
    lines.add(response);
    return response.on('close', () => lines.delete(response));
  }
  if (path.startsWith('/download/')) {
    const name = decodeURIComponent(path.split('/')[3]).replace(/^B-/, '');
    const from = join(DATA, normalize(`/${name}`));
    if (!existsSync(from)) {
      return response.writeHead(404).end();
    }
    response.writeHead(200, {
      'Content-Type': 'application/octet-stream', 'Content-Disposition': 'attachment', 'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; sandbox",
    });
    return response.end(readFileSync(from));
  }
  if (extname(path) !== '' && /^\/(assets|icons)\/|^\/(sw\.js|manifest\.webmanifest)$/.test(path)) {
    const first = /^\/assets\/(r2\/)?index-/.exec(path);
    const file = join(dist, normalize(path).replace('/r2/', '/'));
    if (!existsSync(file) || (first && (first[1] ?? '') !== mood.release)) {
      return response.writeHead(404).end();
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'Cache-Control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache', 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'" });
    return response.end(readFileSync(file));
  }
  const nonce = randomBytes(16).toString('base64');
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store',
    'Content-Security-Policy': `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; font-src 'self'; img-src 'self' data: blob: https:; connect-src 'self'; manifest-src 'self'; frame-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  });
  response.end(readFileSync(join(dist, 'index.html'), 'utf8').replaceAll('__CSP_NONCE__', nonce).replaceAll('"/assets/', `"/assets/${mood.release}`));
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
      downloadUrl: '/download/{accountId}/{blobId}/{name}?accept={type}',
      eventSourceUrl: '/events?types={types}&closeafter={closeafter}&ping={ping}',
      accounts: { A1: { name: me.address, isPersonal: true, isReadOnly: false, accountCapabilities: Object.fromEntries(CAPABILITIES.map((urn) => [urn, {}])) } },
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
    try {
      done.push([name, METHODS[name](filled), tag]);
    } catch (error) {
      done.push(['error', { type: 'serverFail', description: String(error) }, tag]);
    }
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

const hostileEmails = hostile();

/** The messages as tests left them: moved, marked, destroyed. */
const all = () =>
  [...mood.extra, ...emails, ...hostileEmails]
    .filter((item) => !gone.has(item.id))
    .map((item) => ({ ...item, mailboxIds: boxesOf.get(item.id) ?? item.mailboxIds, keywords: wordsOf.get(item.id) ?? item.keywords, guardHeld: item.guardHeld && !freed.has(item.id), guardReported: reports.get(item.id) ?? null }));
const find = (id) => (/^A\d+$/.test(id) ? archived(Number(id.slice(1))) : all().find((item) => item.id === id));

const has = (text, part) => String(text ?? '').toLowerCase().includes(String(part).toLowerCase());
const names = (list) => (list ?? []).map((item) => `${item.name} ${item.email}`).join(' ');

function matches(item, filter) {
  if (filter.operator) {
    const results = filter.conditions.map((one) => matches(item, one));
    return filter.operator === 'AND' ? results.every(Boolean) : filter.operator === 'OR' ? results.some(Boolean) : !results.some(Boolean);
  }
  return Object.entries(filter).every(([key, value]) => {
    switch (key) {
      case 'inMailbox': return item.mailboxIds[value] === true;
      case 'from': return has(names(item.from), value);
      case 'to': return has(names(item.to), value);
      case 'subject': return has(item.subject, value);
      case 'text': return has(`${item.subject} ${item.preview} ${names(item.from)}`, value);
      case 'body': return has(item.preview, value);
      case 'hasAttachment': return item.hasAttachment === value;
      case 'hasKeyword': return item.keywords[value] === true;
      case 'notKeyword': return item.keywords[value] !== true;
      case 'before': return item.receivedAt < value;
      case 'after': return item.receivedAt >= value;
      default: throw new Error(`no filter ${key}`);
    }
  });
}

function search(filter, collapse) {
  if (filter.inMailbox === 'Marchive' && Object.keys(filter).length === 1) {
    return { total: ARCHIVE, slice: (from, count) => Array.from({ length: Math.max(0, Math.min(count, ARCHIVE - from)) }, (_, i) => `A${from + i}`) };
  }
  const threads = new Set();
  const list = all()
    .filter((item) => matches(item, filter))
    .sort((a, b) => b.receivedAt.localeCompare(a.receivedAt))
    .filter((item) => !collapse || (!threads.has(item.threadId) && threads.add(item.threadId)))
    .map((item) => item.id);
  return { total: list.length, slice: (from, count) => list.slice(from, from + count) };
}

const inBox = (id) => search({ inMailbox: id }, false);

function update(id, patch) {
  const item = find(id);
  if (!item || mood.refuse.has(id) || (item.guardHeld && patch.mailboxIds)) {
    return false;
  }
  if (patch.mailboxIds) {
    boxesOf.set(id, patch.mailboxIds);
  }
  const words = { ...item.keywords };
  for (const [key, value] of Object.entries(patch).filter(([name]) => name.startsWith('keywords/'))) {
    if (value) {
      words[key.slice(9)] = true;
    } else {
      delete words[key.slice(9)];
    }
  }
  wordsOf.set(id, words);
  return true;
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
  'Email/query': ({ filter, position, limit, collapseThreads }) => {
    const box = search(filter, collapseThreads);
    return { queryState: 'q', canCalculateChanges: false, position, ids: box.slice(position, limit), total: box.total };
  },
  'Email/get': ({ ids, properties }) => {
    const found = ids.map(find).filter(Boolean);
    return {
      state: String(mood.state), notFound: ids.filter((id) => !find(id)),
      list: found.map((item) => Object.fromEntries(properties.map((name) => [name, item[name] ?? null]))),
    };
  },
  'Email/set': ({ update: patches = {}, destroy = [] }) => {
    const done = Object.entries(patches).map(([id, patch]) => [id, update(id, patch)]);
    destroy.forEach((id) => gone.add(id));
    mood.state += 1;
    return {
      oldState: '', newState: String(mood.state), destroyed: destroy,
      updated: Object.fromEntries(done.filter(([, ok]) => ok).map(([id]) => [id, null])),
      notUpdated: Object.fromEntries(done.filter(([, ok]) => !ok).map(([id]) => [id, { type: 'forbidden' }])),
    };
  },
  'Thread/get': ({ ids }) => ({
    state: String(mood.state), notFound: [],
    list: ids.map((id) => ({ id, emailIds: /^TA\d+$/.test(id) ? [id.slice(1)] : all().filter((item) => item.threadId === id).map((item) => item.id) })),
  }),
  'SearchSnippet/get': ({ emailIds, filter }) => ({
    list: emailIds.map((emailId) => {
      const item = find(emailId);
      const word = filter.text;
      const mark = (text) => text.replace(/[<>&]/g, '').split(word).join(`<mark>${word}</mark>`);
      return { emailId, subject: word ? mark(item.subject) : null, preview: word ? mark(item.preview) : null };
    }),
  }),
  'Held/release': ({ ids, reason }) => {
    mood.calls.push(['release', ids, reason]);
    ids.forEach((id) => boxesOf.set(id, { Minbox: true }) && freed.add(id));
    return { released: Object.fromEntries(ids.map((id) => [id, id])), notReleased: {} };
  },
  'Held/discard': ({ ids }) => {
    ids.forEach((id) => gone.add(id));
    return { discarded: ids, notDiscarded: {} };
  },
  'Guard/report': ({ ids, as }) => {
    mood.calls.push(['report', ids, as]);
    ids.forEach((id) => reports.set(id, { as, at: new Date().toISOString(), by: me.address }));
    mood.state += 1;
    return { reported: ids, notReported: {} };
  },
  'Context/get': ({ emailId }) => {
    if (mood.refuse.has('context')) {
      throw new Error('no history');
    }
    return contextOf(emailId, find(emailId));
  },
  'Person/get': () => ({ state: '1', list: people, notFound: [] }),
  'Person/set': ({ create = {}, update: patches = {} }) => {
    if (people.some((person) => person.address === create.new?.address)) {
      return { notCreated: { new: { type: 'alreadyExists' } } };
    }
    Object.values(create).forEach((person, index) =>
      people.push({ id: `N${people.length}${index}`, state: 'active', role: 'member', usedBytes: 0, quotaBytes: 0, createdAt: new Date().toISOString(), lastLoginAt: null, address: person.address, name: person.name }));
    for (const [id, patch] of Object.entries(patches)) {
      Object.assign(people.find((person) => person.id === id), patch);
    }
    return { created: {}, updated: Object.fromEntries(Object.keys(patches).map((id) => [id, null])) };
  },
  'Domain/get': () => ({ state: '1', list: domains, notFound: [] }),
  'Domain/set': ({ create = {}, update: patches = {}, destroy = [] }) => {
    if (Object.values(create).some(({ domain }) => domain === 'altrui.example')) {
      return { notCreated: { new: { type: 'invalidProperties', description: 'This domain belongs to another firm here.', descriptionIt: 'Questo dominio è di un’altra azienda di questo servizio.' } } };
    }
    Object.values(create).forEach(({ domain }) => domains.push(pendingDomain(domain)));
    destroy.forEach((id) => domains.splice(domains.findIndex((item) => item.id === id), 1));
    const updated = {};
    for (const id of Object.keys(patches)) {
      updated[id] = Object.assign(domains.find((item) => item.id === id), { checkedAt: new Date().toISOString() }, seen[mood.dns]);
    }
    return { created: {}, updated, destroyed: destroy };
  },
  'Delivery/query': ({ filter }) => ({
    list: deliveries.filter((row) => (!filter.outcome || row.outcome === filter.outcome) && (!filter.text || has(JSON.stringify(row), filter.text))),
  }),
  'Delivery/get': ({ ids }) => ({
    state: '1', notFound: [],
    list: ids.map((id) => {
      const transaction = deliveries.find((row) => row.id === id);
      return { id, transaction, recipients: transaction.recipients.map((address) => ({ address, known: true, removed: false, messages: [{ verdict: 'hold', held: true, mailboxes: ['Held'] }] })) };
    }),
  }),
  'Health/get': () => health,
};
