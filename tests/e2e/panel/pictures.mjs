// The pictures of the handbook and the README, drawn anew from made-up mail: node tests/e2e/panel/pictures.mjs [FOLDER]
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emails, ids, mailboxes, me, password } from './mail.mjs';
import { startStandin } from './standin.mjs';

const WEB = fileURLToPath(new URL('../../../web/', import.meta.url));
const folder = process.argv[2] ?? fileURLToPath(new URL('../../../docs/user/', import.meta.url));
const { chromium } = createRequire(WEB)('playwright-core');

// What is there for the tests only.
const drop = (list, unwanted) => list.splice(0, list.length, ...list.filter((item) => !unwanted.includes(item.id)));
drop(mailboxes, ['Mostile']);
drop(emails, [ids.hostile, ids.link]);

const standin = await startStandin(join(WEB, 'dist'));
const browser = await chromium.launch({
  executablePath: ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path)),
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});

async function picture(name, { path, ready, width = 1440, lang = 'en', theme = 'light', act }) {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 844 : 900 }, deviceScaleFactor: width < 500 ? 2 : 1, hasTouch: width < 500, colorScheme: theme, locale: lang,
  });
  await context.addInitScript((value) => {
    try {
      localStorage.setItem('sigillo.lang', value);
      localStorage.setItem('sigillo.keys', 'on');
    } catch {
      // Frames of mail have no storage.
    }
  }, lang);
  const page = await context.newPage();
  await page.goto(standin.url + path);
  await page.locator('input[name="username"]').fill(me.address);
  await page.locator('input[name="password"]').fill(password);
  await page.locator('button[type="submit"]').click();
  await page.locator(ready).first().waitFor();
  await act?.(page);
  await page.waitForTimeout(800);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await context.close();
}

await picture('held', { path: `/mail/held/${ids.held}`, ready: '[data-warning="stop"]' });
await picture('reading', { path: `/mail/inbox/${ids.note}`, ready: 'article', theme: 'dark' });
await picture('phone', { path: `/mail/held/${ids.held}`, ready: '[data-warning="stop"]', width: 390, lang: 'it' });
await picture('invoice', {
  path: `/mail/inbox/${ids.files}`,
  ready: 'article',
  act: async (page) => {
    await page.getByRole('button', { name: /IT01234567890_00121\.xml/ }).click();
    await page.locator('[data-invoice]').waitFor();
  },
});
await browser.close();
standin.close();
