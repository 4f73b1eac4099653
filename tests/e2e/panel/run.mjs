// See `run` beside this file.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { frameChecks } from './frame-checks.mjs';
import { hostileChecks } from './hostile-checks.mjs';
import { realChecks } from './real-checks.mjs';
import { standinChecks } from './standin-checks.mjs';
import { calm, startStandin } from './standin.mjs';
import { me, password } from './mail.mjs';
import { engine, finish, group, ok, equal, skip } from './tap.mjs';

const WEB = fileURLToPath(new URL('../../../web/', import.meta.url));
const require = createRequire(WEB);
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WIDTHS = [1440, 1024, 390];
/** Conditions are waited for as long as a slow and busy machine may need. */
const WAIT_MS = 60_000;
/** How many messages of a mailbox are opened in search of one with a finding. */
const LOOK = 10;

const [argUrl, argAddress, argPassword] = process.argv.slice(2);
const real = argUrl ?? process.env.SIGILLO_URL;
const standin = real ? null : await startStandin(join(WEB, 'dist'));
const target = {
  url: (real ?? standin.url).replace(/\/$/, ''),
  address: argAddress ?? process.env.SIGILLO_ADDRESS ?? me.address,
  password: argPassword ?? process.env.SIGILLO_PASSWORD ?? password,
};
/** Pictures for people: no check needs them, and they cost as much time as the checks. */
const shots = process.env.SIGILLO_SHOTS;
if (shots) {
  mkdirSync(shots, { recursive: true });
}

/** How many browsers may fall over in a run. */
const FALLS = 3;
let falls = 0;
let browser = await launch();
let next = null;

async function launch() {
  const made = await chromium.launch({
    executablePath: ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path)),
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  made.on('disconnected', () => (falls += 1));
  return made;
}

async function theBrowser() {
  if (!browser.isConnected()) {
    next ??= launch();
    browser = await next;
    next = null;
  }
  return browser;
}

engine.fell = async (error) => {
  // The page is told before the connection is seen to be gone.
  for (let i = 0; i < 20 && browser.isConnected() && falls === 0; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  calm();
  return falls > 0 && falls <= FALLS && /has been closed|crashed/.test(String(error?.message));
};

/** What must never happen, gathered over the whole run. */
const faults = { csp: new Set(), errors: new Set(), foreign: new Set(), picturesAsked: false };

/** `shell`: whether the panel may keep its files, which costs as much as many a check; the part "states" and a real server see to it. */
async function open({ width = 1440, lang = 'it', theme = 'light', storage, letters = true, shell = Boolean(real) || asked.includes('states') } = {}) {
  const context = await (await theBrowser()).newContext({
    viewport: { width, height: width < 500 ? 844 : 900 },
    deviceScaleFactor: width < 500 ? 2 : 1,
    hasTouch: width < 500,
    locale: lang === 'it' ? 'it-IT' : 'en-GB',
    colorScheme: theme,
    reducedMotion: 'reduce',
    ignoreHTTPSErrors: true,
    ...(storage ? { storageState: storage } : {}),
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP ${event.effectiveDirective} blocked ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  await context.addInitScript((on) => {
    try {
      if (localStorage.getItem('sigillo.keys') === null && on !== null) {
        localStorage.setItem('sigillo.keys', on ? 'on' : 'off');
      }
    } catch {
      // Frames of mail have no storage.
    }
  }, letters);
  if (!shell) {
    await context.addInitScript(() => delete Window.prototype.caches && delete window.caches);
  }
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.on('pageerror', (error) => faults.errors.add(String(error)));
  page.on('console', (message) => {
    if (/CSP |Content Security Policy/.test(message.text())) {
      faults.csp.add(message.text());
    }
  });
  page.on('request', (request) => {
    if (!faults.picturesAsked && /^https?:/.test(request.url()) && new URL(request.url()).origin !== new URL(target.url).origin) {
      faults.foreign.add(request.url());
    }
  });
  return page;
}

async function logIn(page) {
  await page.locator('input[name="username"]').fill(target.address);
  await page.locator('input[name="password"]').fill(target.password);
  await page.locator('button[type="submit"]').click();
  await page.locator('#list-title').waitFor();
}

async function axe(page, name) {
  await page.evaluate(AXE);
  const found = await page.evaluate(
    (tags) => window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] }).then((result) => result.violations),
    AXE_TAGS,
  );
  const lines = found.flatMap((item) => [`${item.id}: ${item.help}`, ...item.nodes.map((node) => `  ${node.target} ${node.failureSummary?.split('\n')[1] ?? ''}`)]);
  ok(found.length === 0, `axe finds nothing: ${name}`, lines.join('\n'));
}

/** What holds on every view: one h1, main, title, language, nothing wider than the window, no raw key. */
async function basics(page, name, lang) {
  const seen = await page.evaluate(() => ({
    h1: [...document.querySelectorAll('h1')].filter((item) => item.checkVisibility()).length,
    main: document.querySelectorAll('main').length,
    title: document.title,
    lang: document.documentElement.lang,
    overflow: document.documentElement.scrollWidth - window.innerWidth,
    raw: /\b(act|app|bank|box|bulk|caution|compare|context|decision|domains|empty|fact|fault|health|held|invoice|key|letter|link|list|log|login|mail|move|offline|paid|people|place|preview|read|release|role|search|service|settings|state|type|warn|why)\.[a-z]+/.exec(document.body.innerText.replace(/\S+@\S+|https?:\S+/g, ''))?.[0] ?? '',
  }));
  equal({ h1: seen.h1, main: seen.main, lang: seen.lang, raw: seen.raw }, { h1: 1, main: 1, lang, raw: '' }, `one h1, one main, language, words: ${name}`);
  ok(seen.title.endsWith('Sigillo') && seen.title.length > 9, `has a title: ${name}`, seen.title);
  ok(seen.overflow <= 0, `does not scroll sideways: ${name}`, `${seen.overflow} px too wide`);
}

async function targets(page, name, least) {
  const small = await page.evaluate(
    (size) =>
      [...document.querySelectorAll('a[href], button, input, [role="row"]')]
        .filter((item) => item.checkVisibility() && !item.classList.contains('skip'))
        .map((item) => ({ box: item.getBoundingClientRect(), text: item.textContent?.slice(0, 30) || item.getAttribute('aria-label') || item.name }))
        .filter(({ box }) => box.width > 1 && (box.width < size || box.height < size))
        .map(({ box, text }) => `${text}: ${Math.round(box.width)}x${Math.round(box.height)}`),
    least,
  );
  ok(small.length === 0, `targets are at least ${least} px: ${name}`, small.join('\n'));
}

async function look(page, name, lang, least) {
  await basics(page, name, lang);
  await axe(page, name);
  await targets(page, name, least);
  await shot(page, name);
}

const shot = async (page, name) => {
  if (shots) {
    await page.screenshot({ path: join(shots, `${name}.png`) });
  }
};

/** Opens messages of Held, then Inbox, until one shows a warning; gives its address path and level. */
async function findWarning(page) {
  for (const box of ['held', 'inbox']) {
    await page.goto(`${target.url}/mail/${box}`);
    await page.locator('#list-title').waitFor();
    const rows = page.locator('[role="row"][data-email]');
    await rows.first().or(page.locator('section[data-pane="list"] h2:not(#list-title)')).first().waitFor();
    const list = await rows.evaluateAll((items) => items.map((item) => item.dataset.email));
    for (const id of list.slice(0, LOOK)) {
      await page.goto(`${target.url}/mail/${box}/${encodeURIComponent(id)}`);
      await page.locator('article h1').waitFor();
      const warning = page.locator('[data-warning]');
      if ((await warning.count()) > 0) {
        return { path: `/mail/${box}/${encodeURIComponent(id)}`, level: await warning.first().getAttribute('data-warning') };
      }
    }
  }
  return null;
}

async function partly(part, name, run) {
  await (wants(part) && group(name, run));
}

let storage;
let found = null;

/** With the stand-in the run falls into parts that need nothing of each other, so that several can go side by side. */
const PARTS = ['looks', 'states', 'frame', 'hostile'];
const asked = process.env.SIGILLO_PART?.split(',') ?? PARTS;
const wants = (part) => Boolean(real) || asked.includes(part);

if (!wants('looks')) {
  const page = await open({ letters: null });
  await page.goto(`${target.url}/`);
  await logIn(page);
  storage = await page.context().storageState();
  await page.context().close();
}

await partly('looks', 'log-in', async () => {
  const page = await open({ letters: null });
  await page.goto(`${target.url}/`);
  await page.locator('h1').waitFor();
  await page.locator('button[type="submit"]').click();
  equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'username', 'an empty form puts the focus on what is missing');
  await page.locator('input[name="username"]').fill(target.address);
  await page.locator('input[name="password"]').fill('not the password');
  await page.locator('button[type="submit"]').click();
  await page.locator('[role="alert"][data-shown]').waitFor();
  ok(/password/i.test(await page.locator('[role="alert"]').innerText()), 'a wrong password is refused in words');
  await axe(page, 'refused log-in');
  await page.getByText('English', { exact: true }).click();
  ok(/password/i.test(await page.locator('[role="alert"]').innerText()) && (await page.evaluate(() => document.documentElement.lang)) === 'en', 'the language changes in place');
  await page.reload();
  await page.locator('h1').waitFor();
  equal(await page.evaluate(() => document.documentElement.lang), 'en', 'the language is remembered');
  await page.getByText('Italiano', { exact: true }).click();
  await logIn(page);
  ok(page.url().endsWith('/mail/inbox'), 'the right password leads to the inbox', page.url());
  ok((await page.context().cookies()).every((cookie) => cookie.httpOnly), 'no script can read the session cookie');
  storage = await page.context().storageState();
  await page.context().close();
});

await partly('looks', 'reading', async () => {
  const page = await open({ storage });
  found = await findWarning(page);
  ok(found !== null, 'a message with a finding is there');
  if (!found) {
    return;
  }
  const card = page.locator('[data-warning]');
  equal(await card.count(), 1, 'a message has one warning');
  const text = await card.innerText();
  ok(text.trim().length > 20, 'the warning says something', text);
  await card.getByRole('button', { name: 'Perché lo vedo?' }).click();
  ok((await card.innerText()).length > text.length, '"Perché lo vedo?" explains');
  await page.context().close();
});

await partly('looks', 'keyboard', async () => {
  const page = await open({ storage });
  await page.goto(target.url + (found?.path.replace(/\/[^/]*$/, '') ?? '/mail/inbox'));
  await page.locator('[role="row"][data-email]').first().waitFor();
  await page.keyboard.press('Tab');
  equal(await page.evaluate(() => document.activeElement?.className), 'skip', 'the skip link is the first stop');
  await page.keyboard.press('Enter');
  equal(await page.evaluate(() => document.activeElement?.id), 'main', 'it leads to main');
  const focusPane = () => page.evaluate(() => document.activeElement?.closest('[data-pane]')?.getAttribute('data-pane') ?? '');
  const walk = [];
  for (let step = 0; step < 4; step += 1) {
    await page.keyboard.press('F6');
    walk.push(await focusPane());
  }
  equal(walk, ['rail', 'list', 'reader', 'rail'], 'F6 walks the panes');

  await page.locator('[role="row"][tabindex="0"]').focus();
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.locator('article h1').waitFor();
  await page.waitForFunction(() => document.activeElement?.closest('article') !== null);
  ok(true, 'Enter opens and the focus goes to the message');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'row');
  ok(!(await page.locator('article').count()), 'Esc closes and the focus is back on its row');
  await page.keyboard.press('Backspace');
  ok((await page.locator('[role="row"]').count()) > 0, 'Backspace does nothing');
  await page.context().close();
});

/** One log-in for all looks: the windows share its cookie, and each is resized instead of opened anew. */
async function allWidths(lang, theme) {
  await group(`${lang} ${theme}`, async () => {
    const stranger = await open({ lang, theme });
    const reader = await open({ lang, theme, storage });
    await reader.addInitScript((value) => localStorage.setItem('sigillo.lang', value), lang);
    for (const width of WIDTHS) {
      const name = `${lang}-${theme}-${width}`;
      const least = width < 500 ? 44 : 24;
      const size = { width, height: width < 500 ? 844 : 900 };
      // The log-in page is one form: two of its four looks are enough.
      if ((lang === 'it') === (theme === 'light')) {
        await stranger.setViewportSize(size);
        await stranger.goto(`${target.url}/`);
        await stranger.locator('form h1').waitFor();
        await look(stranger, `login-${name}`, lang, least);
      }
      await reader.setViewportSize(size);
      await reader.goto(`${target.url}/mail/inbox`);
      await reader.locator('[role="row"][data-email], section[data-pane="list"] h2:not(#list-title)').first().waitFor();
      await look(reader, `list-${name}`, lang, least);
      if (found) {
        await reader.goto(target.url + found.path);
        await reader.locator('[data-warning]').waitFor();
        await look(reader, `message-${name}`, lang, least);
        if (found.level === 'stop') {
          const box = await reader.locator('[data-warning]').boundingBox();
          ok(box.y + 150 < size.height, `level 3 is in view without scrolling: ${name}`, `it begins at ${box.y} px`);
        }
      }
    }
    await stranger.context().close();
    await reader.context().close();
  });
}

// Against a real server two looks show that it serves what the stand-in does; the whole table is for the stand-in.
const looks = ['it', 'en'].flatMap((lang) => ['light', 'dark'].map((theme) => [lang, theme]));
if (wants('looks')) {
  await Promise.all((standin ? looks : [looks[0], looks[3]]).map(([lang, theme]) => allWidths(lang, theme)));
}

const tools = { open, logIn, axe, basics, targets, shot, target, storage, faults };
if (standin) {
  await (wants('states') && standinChecks(tools));
  await (wants('frame') && frameChecks(tools));
  await (wants('hostile') && hostileChecks(tools));
} else {
  await realChecks(tools);
  skip('states that only the stand-in server can be put in', 'a real server is used');
}

await partly('looks', 'log-out', async () => {
  const page = await open({ storage });
  await page.goto(`${target.url}/mail/inbox`);
  await page.locator('#list-title').waitFor();
  await page.locator('header button[aria-haspopup="menu"]').click();
  await axe(page, 'open account menu');
  await shot(page, 'menu');
  await page.getByRole('menuitem', { name: 'Esci' }).click();
  await page.locator('input[name="password"]').waitFor();
  await page.goto(`${target.url}/mail/inbox`);
  await page.locator('input[name="password"]').waitFor();
  ok(true, 'after log-out the mail is not reachable');
  equal(await page.evaluate(() => ['sigillo.searches', 'sigillo.return'].filter((name) => localStorage.getItem(name) !== null)), [], 'and nothing of it is left on the device');
  await page.context().close();
});

equal([...faults.csp], [], 'no Content-Security-Policy violation in the whole run');
equal([...faults.errors], [], 'no script error in the whole run');
equal([...faults.foreign], [], 'no request to another host in the whole run');
await browser.close();
standin?.close();
finish();
