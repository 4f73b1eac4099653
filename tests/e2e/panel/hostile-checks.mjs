// Each hostile message is opened: it may draw only inside its frame, fetch nothing, run nothing.
import { HOSTILE_BOX, hostile } from './hostile.mjs';
import { equal, group, ok } from './tap.mjs';

/** Everything of the window that is not the frame. */
const OUTSIDE = [
  { x: 0, y: 0, width: 1440, height: 56 },
  { x: 0, y: 56, width: 200, height: 844 },
  { x: 1104, y: 56, width: 336, height: 844 },
];

/** Whether two pictures differ by more than the soft edge of a letter, which the browser draws a shade lighter or darker. */
function differs(paper, a, b) {
  return paper.evaluate(async (pictures) => {
    const [one, two] = await Promise.all(pictures.map(async (picture) => {
      const image = new Image();
      image.src = `data:image/png;base64,${picture}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      return context.getImageData(0, 0, image.width, image.height).data;
    }));
    return one.some((value, at) => Math.abs(value - two[at]) > 24);
  }, [a, b]);
}

export async function hostileChecks({ open, target, storage, faults, shot }) {
  await group('hostile corpus', async () => {
    const page = await open({ storage });
    const requests = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (/^https?:$/.test(url.protocol) && !/^\/(jmap|api|events|assets|download|\.well-known)/.test(url.pathname) && url.pathname !== '/sw.js' && url.pathname !== '/') {
        requests.push(request.url());
      }
    });
    const paper = await (await page.context().browser().newContext()).newPage();
    const tools = await page.context().newCDPSession(page);
    const popups = [];
    page.context().on('page', (item) => popups.push(item.url()));
    await page.goto(`${target.url}/mail/${HOSTILE_BOX}`);
    await page.locator('[role="row"][data-email]').first().waitFor();
    requests.length = 0;
    const csp = faults.csp.size;
    const ran = [];
    const drew = [];
    const acted = [];
    let still = null;
    for (const mail of hostile()) {
      await page.evaluate((path) => {
        window.pwned = undefined;
        history.pushState({}, '', path);
        window.dispatchEvent(new PopStateEvent('popstate'));
      }, `/mail/${HOSTILE_BOX}/${mail.id}`);
      await page.locator('article h1', { hasText: mail.subject }).waitFor();
      await page.locator('article iframe').waitFor();
      await page.waitForFunction(() => document.querySelector('article iframe')?.contentDocument?.body?.childNodes.length > 0);
      await page.locator('[data-pane="context"]').getByText('Primo messaggio da questo indirizzo.').waitFor();
      await page.locator('[data-pane="context"]').getByText('Nessun altro messaggio').waitFor();
      const seen = await page.evaluate(() => {
        const inner = document.querySelector('article iframe').contentDocument;
        return {
          pwned: window.pwned ?? null,
          title: document.title,
          at: location.pathname,
          bad: [...inner.querySelectorAll('script, form, input, button, select, textarea, iframe, object, embed, base, link, svg, math, video, audio, dialog, style:not([nonce]), meta[http-equiv="refresh"]')].map((item) => item.tagName),
          handlers: [...inner.querySelectorAll('*')].flatMap((item) => item.getAttributeNames().filter((name) => name.startsWith('on') || name === 'style' || name === 'srcset')),
          links: [...inner.querySelectorAll('a[href]')].filter((item) => !/^(https?|mailto):/.test(item.href) || item.target !== '_blank').length,
          fetches: [...inner.querySelectorAll('[src], [background], [poster]')].filter((item) => !(item.getAttribute('src') ?? '').startsWith('data:image/')).length,
          sheet: /url\((?!"?(data:|\/assets\/))/i.test([...inner.querySelectorAll('style')].map((item) => item.textContent).join('')),
          height: document.querySelector('article iframe').clientHeight,
        };
      });
      if (seen.pwned !== null || !seen.title.endsWith('Sigillo') || !seen.at.endsWith(mail.id) || seen.handlers.length > 0) {
        ran.push(`${mail.subject}: ${JSON.stringify(seen)}`);
      }
      if (seen.bad.length > 0 || seen.links > 0 || seen.fetches > 0 || seen.sheet || seen.height > 30_002) {
        acted.push(`${mail.subject}: ${JSON.stringify(seen)}`);
      }
      const look = async () => {
        const pictures = [];
        for (const clip of OUTSIDE) {
          pictures.push((await tools.send('Page.captureScreenshot', { format: 'png', optimizeForSpeed: true, clip: { ...clip, scale: 1 } })).data);
        }
        return pictures;
      };
      const outside = await look();
      for (const [index, picture] of outside.entries()) {
        if (still !== null && picture !== still[index] && (await differs(paper, still[index], picture))) {
          drew.push(`${mail.subject}: region ${index}`);
        }
      }
      still ??= outside;
      if (/fixed-banner|fake-verified|absolute-out/.test(mail.subject)) {
        await shot(page, `hostile-${mail.subject}`);
      }
    }
    ok(hostile().length > 50, 'more than fifty samples', String(hostile().length));
    equal(ran, [], 'none runs or takes title and address');
    equal(acted, [], 'none keeps what acts or fetches');
    equal(drew, [], 'none draws outside its frame');
    equal(requests, [], 'none makes a request');
    equal(popups, [], 'none opens a window');
    equal(faults.csp.size, csp, 'none even tries against the policy');
    const fake = hostile().find((mail) => mail.subject.includes('fake-verified'));
    await page.goto(`${target.url}/mail/${HOSTILE_BOX}/${fake.id}`);
    await page.frameLocator('article iframe').getByText('verificato da Sigillo').waitFor();
    ok(!(await page.locator('body').innerText()).includes('verificato da Sigillo'), 'a faked banner is seen only inside the frame');
    await paper.context().close();
    await page.context().close();
  });
}
