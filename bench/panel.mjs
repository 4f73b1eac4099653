// The panel's own speed in Chromium, with a stand-in server on loopback: from a key to the focus in a list of 100,000 rows, from a
// click to an open message, and the first paint that matters on a slow line. Prints one JSON object; bench/panel.py reads it.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ids, me, password } from '../tests/e2e/panel/mail.mjs';
import { startStandin } from '../tests/e2e/panel/standin.mjs';

const WEB = fileURLToPath(new URL('../web/', import.meta.url));
const { chromium } = createRequire(WEB)('playwright-core');
/** "Fast 3G" of the browser's own tools, and its factor for a middling phone. */
const LINE = { offline: false, latency: 562.5, downloadThroughput: (1.44 * 1e6) / 8, uploadThroughput: (0.675 * 1e6) / 8 };
const CPU = 4;
const KEYS = 300;
const OPENINGS = 40;
const LOADS = 5;

const standin = await startStandin(`${WEB}dist`);
const browser = await chromium.launch({
  executablePath: ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path)),
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const percentile = (times, share) => [...times].sort((a, b) => a - b)[Math.ceil(times.length * share) - 1];

async function enter(width) {
  const context = await browser.newContext({ viewport: { width, height: width < 500 ? 844 : 900 }, locale: 'it-IT' });
  const page = await context.newPage();
  await page.goto(`${standin.url}/`);
  await page.locator('input[name="username"]').fill(me.address);
  await page.locator('input[name="password"]').fill(password);
  await page.locator('button[type="submit"]').click();
  await page.locator('[role="row"][data-email]').first().waitFor();
  return page;
}

/** A real key of the browser, timed from its event to the frame after the focus moved. */
async function keys(page) {
  await page.goto(`${standin.url}/mail/archive`);
  await page.locator('[role="row"][tabindex="0"][data-email]').focus();
  await page.evaluate(() => {
    window.times = [];
    let start = 0;
    addEventListener('keydown', (event) => (start = event.timeStamp), true);
    addEventListener('focusin', () => {
      const from = start;
      if (from > 0) {
        requestAnimationFrame(() => window.times.push(performance.now() - from));
      }
      start = 0;
    }, true);
  });
  for (let turn = 0; turn < KEYS; turn += 1) {
    await page.keyboard.press('ArrowDown');
  }
  await page.waitForTimeout(300);
  return page.evaluate(() => window.times);
}

/** From the click to the frame that shows the other message, its text included. The pointer comes to the row first, as a hand
 * does: half of the times a moment before, half of the times at once. */
async function openings(page) {
  await page.goto(`${standin.url}/mail/inbox/${ids.plain}`);
  await page.locator('article h1').waitFor();
  const wanted = [ids.note, ids.files, ids.caution, 'E7', 'E8', ids.plain];
  await page.locator('[role="row"][data-email="E8"]').waitFor();
  const times = [];
  for (let turn = 0; turn < OPENINGS; turn += 1) {
    await page.locator(`[role="row"][data-email="${wanted[turn % wanted.length]}"]`).hover();
    await page.waitForTimeout(turn % 2 ? 120 : 0);
    times.push(await page.evaluate(async (id) => {
      const row = document.querySelector(`[role="row"][data-email="${id}"]`);
      const before = document.querySelector('article');
      const start = performance.now();
      row.click();
      while (document.querySelector('article') === before || !document.querySelector('article h1')) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      return performance.now() - start;
    }, wanted[turn % wanted.length]));
    await page.waitForTimeout(50);
  }
  return times;
}

/** Largest Contentful Paint of a return to the inbox: the shell is kept, everything else comes over the slow line. */
async function paints(page, cpu) {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  const tools = await page.context().newCDPSession(page);
  await tools.send('Network.enable');
  await tools.send('Network.emulateNetworkConditions', LINE);
  await tools.send('Emulation.setCPUThrottlingRate', { rate: cpu });
  const seen = { largest: [], rows: [] };
  for (let turn = 0; turn < LOADS; turn += 1) {
    await page.evaluate(() => sessionStorage.clear());
    await page.goto(`${standin.url}/mail/inbox`, { waitUntil: 'commit' });
    await page.locator('[role="row"][data-email]').first().waitFor();
    seen.rows.push(await page.evaluate(() => performance.now()));
    await page.waitForTimeout(1500);
    seen.largest.push(await page.evaluate(() => new Promise((resolve) => {
      new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime)).observe({ type: 'largest-contentful-paint', buffered: true });
    })));
  }
  return seen;
}

const wide = await enter(1440);
const key = await keys(wide);
const open = await openings(wide);
const phone = await enter(390);
const slow = await paints(phone, CPU);
console.log(JSON.stringify({
  keyP95: percentile(key, 0.95), keys: key.length, openP95: percentile(open, 0.95), openP50: percentile(open, 0.5),
  paint: percentile(slow.largest, 0.5), rows: percentile(slow.rows, 0.5), all: slow,
}));
await browser.close();
standin.close();
process.exit(0);
