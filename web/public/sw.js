// Keeps the panel's own files so that it opens at once, also without a network. It never sees mail: only the page itself and
// file names with a hash in them are answered from the store, and only the page put them there (src/install.ts), the page
// itself after all its files.
// It fetches nothing: the policy that the server sends with its files (default-src 'none') forbids it, rightly. Where nothing
// is kept the network is asked by the browser beside it (navigation preload).
const STORE = 'sigillo-shell';

/** The files of the page that was answered from the store: they come from there too, the server may have a newer release. */
let files = new Set();

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), self.registration.navigationPreload?.enable()]));
});

const store = caches.open(STORE);
const kept = async (path) => (await store).match(path, { ignoreVary: true });

/** A nonce is for one page: the kept one and its policy get a new one each time. */
async function renewed(page) {
  const policy = page.headers.get('Content-Security-Policy') ?? '';
  const old = /'nonce-([^']+)'/.exec(policy)?.[1];
  const text = await page.text();
  for (const [, path] of text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
    files.add(path);
  }
  if (!old) {
    return null;
  }
  const nonce = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const headers = new Headers(page.headers);
  headers.set('Content-Security-Policy', policy.replaceAll(old, nonce));
  // The text is no longer compressed, nor of that length.
  headers.delete('Content-Encoding');
  headers.delete('Content-Length');
  return new Response(text.replaceAll(old, nonce), { headers });
}

async function page(event) {
  const own = await kept('/');
  const answer = own && (await renewed(own));
  if (answer) {
    event.waitUntil(remaining());
    // A preload that nobody waits for is a warning in the console.
    event.waitUntil(Promise.resolve(event.preloadResponse).catch(() => undefined));
    return answer;
  }
  return (await event.preloadResponse) ?? Response.error();
}

/** What is loaded later, each part when it is first needed. Not the page: whoever asks for it as a file wants the server's. */
async function remaining() {
  files = new Set((await (await store).keys()).map((request) => new URL(request.url).pathname));
  files.delete('/');
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) {
    return;
  }
  const ours = url.pathname === '/' || /^\/(mail|settings)\//.test(url.pathname);
  if (request.mode === 'navigate' && ours && (self.registration.navigationPreload || !self.navigator.onLine)) {
    event.respondWith(page(event));
  } else if (files.has(url.pathname)) {
    event.respondWith(kept(request).then((file) => file ?? Response.error()));
  }
});
