// Keeps the panel's own files so that it opens without a network. It never sees mail: only the page itself and file names
// with a hash in them are answered from the store, and only the page put them there (src/install.ts).
// It fetches nothing: the policy that the server sends with its files (default-src 'none') forbids it, rightly. The network
// is asked by the browser beside it (navigation preload).
const STORE = 'sigillo-shell';

/** The last page came from the store: the line is cut, so its files come from there too. */
let cut = false;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), self.registration.navigationPreload?.enable()]));
});

const kept = async (path) => (await caches.open(STORE)).match(path, { ignoreVary: true });

async function page(event) {
  try {
    const fresh = await event.preloadResponse;
    if (fresh) {
      cut = false;
      return fresh;
    }
  } catch {
    // No answer: the line or the server is gone.
  }
  cut = true;
  return (await kept('/')) ?? Response.error();
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
  } else if (url.pathname.startsWith('/assets/') && (cut || !self.navigator.onLine)) {
    event.respondWith(kept(request).then((file) => file ?? Response.error()));
  }
});
