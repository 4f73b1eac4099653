// Keeps the panel's own files so that it opens without a network. It never sees mail: only file names with a hash in them and
// the page itself are answered from the store, and only the page put them there (src/install.ts).
// It fetches nothing: the policy that the server sends with its files (default-src 'none') forbids it, rightly.
const STORE = 'sigillo-shell';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) {
    return;
  }
  if (request.mode === 'navigate' && !self.navigator.onLine) {
    event.respondWith(caches.open(STORE).then(async (store) => (await store.match('/')) ?? Response.error()));
  } else if (url.pathname.startsWith('/assets/') && !self.navigator.onLine) {
    event.respondWith(caches.open(STORE).then(async (store) => (await store.match(request)) ?? Response.error()));
  }
});
