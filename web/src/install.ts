// Makes the panel open without a network: its own files are kept, mail never is.
const STORE = 'sigillo-shell';

/** What this page was built from: the scripts and styles it loaded, and the page itself. */
function shellFiles(): string[] {
  const loaded = performance
    .getEntriesByType('resource')
    .map((entry) => new URL(entry.name))
    .filter((url) => url.origin === location.origin && url.pathname.startsWith('/assets/'))
    .map((url) => url.pathname);
  return [...new Set(['/', ...loaded])];
}

/** The parts that are loaded when they are first needed: fetched now, so that they open at once, also without a network. */
async function warmUp(): Promise<void> {
  await Promise.allSettled([import('./mail/html/HtmlFrame'), import('./mail/MoveDialog'), import('./mail/ReleaseDialog'), import('./login/Login'), import('./keys/KeySheet'), import('./preview/Preview')]);
}

export async function keepShell(): Promise<void> {
  if (!('serviceWorker' in navigator) || !('caches' in window) || !import.meta.env.PROD) {
    return;
  }
  try {
    await warmUp();
    const store = await caches.open(STORE);
    const files = shellFiles();
    const old = await store.keys();
    await Promise.all(old.filter((request) => !files.includes(new URL(request.url).pathname)).map((request) => store.delete(request)));
    await Promise.all(
      files.map(async (file) => {
        // The page changes with each release, files with a hash in their name never do.
        if (file === '/' || !(await store.match(file))) {
          await store.add(file);
        }
      }),
    );
    await navigator.serviceWorker.register('/sw.js', { scope: '/' });
  } catch {
    // Private windows and plain http from elsewhere refuse; the panel works all the same.
  }
}
