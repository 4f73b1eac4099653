// Makes the panel open at once, also without a network: its own files are kept, mail never is.
const STORE = 'sigillo-shell';
const RELOADED = 'sigillo.reloaded';
const RELOAD_AGAIN_MS = 60_000;

/** What this page was built from: the scripts and styles it loaded. */
function loadedFiles(): string[] {
  const loaded = performance
    .getEntriesByType('resource')
    .map((entry) => new URL(entry.name))
    .filter((url) => url.origin === location.origin && url.pathname.startsWith('/assets/'))
    .map((url) => url.pathname);
  return [...new Set(loaded)];
}

/** The parts that are loaded when they are first needed: fetched now, so that they open at once, also without a network. */
async function warmUp(): Promise<void> {
  await Promise.allSettled([import('./mail/html/HtmlFrame'), import('./mail/MoveDialog'), import('./mail/ReleaseDialog'), import('./login/Login'), import('./keys/KeySheet'), import('./preview/Preview')]);
}

function namedFiles(page: string): string[] {
  return [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1]!);
}

/** The page that the server has now, with all its files. The page goes in last: it is never kept without them. */
async function keepFiles(): Promise<void> {
  const page = await fetch('/', { cache: 'no-store' });
  if (!page.ok) {
    return;
  }
  const text = await page.clone().text();
  const named = namedFiles(text);
  const first = /<script[^>]* src="([^"]+)"/.exec(text)?.[1] ?? '';
  const store = await caches.open(STORE);
  // A release that came while this page ran, or before it was answered from the store: the next page is that one. What this
  // page still may need stays until then.
  const ours = document.querySelector(`script[src="${first}"]`) !== null;
  if (ours) {
    await warmUp();
  }
  const files = new Set(ours ? [...named, ...loadedFiles()] : named);
  await Promise.all(
    [...files].map(async (file) => {
      // Files with a hash in their name never change.
      if (!(await store.match(file))) {
        await store.add(file);
      }
    }),
  );
  await store.put('/', page);
  if (ours) {
    const old = (await store.keys()).map((request) => new URL(request.url).pathname);
    await Promise.all(old.filter((path) => path !== '/' && !files.has(path)).map((path) => store.delete(path)));
  }
}

export async function keepShell(): Promise<void> {
  if (!('serviceWorker' in navigator) || !('caches' in window) || !import.meta.env.PROD) {
    return;
  }
  try {
    await keepFiles();
    await navigator.serviceWorker.register('/sw.js', { scope: '/' });
  } catch {
    // Private windows and plain http from elsewhere refuse; the panel works all the same.
  }
}

/** A part that can no longer be fetched belongs to a release that is gone: the page is loaded again, once. */
export function reloadWhenOld(): void {
  window.addEventListener('vite:preloadError', () => {
    try {
      if (navigator.onLine && Date.now() - Number(sessionStorage.getItem(RELOADED)) > RELOAD_AGAIN_MS) {
        sessionStorage.setItem(RELOADED, String(Date.now()));
        void keepFiles().then(() => location.reload(), () => undefined);
      }
    } catch {
      // Without storage it could happen again and again.
    }
  });
}
