// What people do in the frame: act and undo, search, look into files, ask who is behind a message, release, administer.
import { ids } from './mail.mjs';
import { announce, calm, mood } from './standin.mjs';
import { equal, group, ok, until } from './tap.mjs';

export async function frameChecks({ open, axe, basics, targets, shot, target, storage, faults }) {
  const go = (page, path) => page.goto(target.url + path);
  const rows = (page) => page.locator('[role="row"][data-email]');
  const row = (page, id) => page.locator(`[role="row"][data-email="${id}"]`);
  /** How many rows there are once no more come. */
  const settled = async (page) => {
    let seen = -1;
    for (;;) {
      const now = await rows(page).count();
      if (now > 0 && now === seen) {
        return now;
      }
      seen = now;
      await page.waitForTimeout(400);
    }
  };
  const notice = (page) => page.locator('[data-notice]');
  const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute('data-email') ?? document.activeElement?.tagName);

  await group('acts', async () => {
    calm();
    const page = await open({ storage });
    await page.clock.install();
    await go(page, `/mail/inbox/${ids.plain}`);
    await page.locator('article').waitFor();
    const before = await settled(page);
    await page.getByRole('button', { name: 'Archivia' }).click();
    await notice(page).getByText('Messaggio archiviato.').waitFor();
    await row(page, ids.plain).waitFor({ state: 'detached' });
    await page.waitForURL('**/mail/inbox');
    ok(true, 'archiving an open message leads back to the list');
    await page.getByRole('button', { name: 'Annulla' }).click();
    await row(page, ids.plain).waitFor();
    equal(await settled(page), before, 'undo brings it back');
    await row(page, ids.plain).focus();
    await page.keyboard.press('Backspace');
    await page.waitForTimeout(200);
    ok(await row(page, ids.plain).isVisible(), 'Backspace never deletes');
    await row(page, ids.plain).focus();
    await page.keyboard.press('Delete');
    await notice(page).getByText('Messaggio nel cestino.').waitFor();
    await row(page, ids.plain).waitFor({ state: 'detached' });
    // The page's own clock, put on by ten seconds: whatever was due until then has happened.
    await page.clock.fastForward(10_000);
    ok(await page.getByRole('button', { name: 'Annulla' }).isVisible(), 'undo stays for ten seconds');
    await page.keyboard.press('z');
    await row(page, ids.plain).waitFor();
    ok(true, 'Z undoes');
    await row(page, ids.plain).focus();
    await page.keyboard.press('b');
    await notice(page).getByText('Segnato.').waitFor();
    ok((await row(page, ids.plain).innerText()).includes('segnato') || (await row(page, ids.plain).locator('svg').count()) > 0, 'B flags');
    await page.keyboard.press('u');
    await notice(page).getByText('Segnato come non letto.').waitFor();
    ok(await row(page, ids.plain).evaluate((item) => item.dataset.unread === 'true'), 'U marks as unread');
    await page.keyboard.press('l');
    await page.getByRole('dialog').waitFor();
    await axe(page, 'move dialog');
    await page.getByRole('dialog').getByRole('button', { name: 'Fiere 2026' }).click();
    await notice(page).getByText('Messaggio spostato in Fiere 2026.').waitFor();
    await go(page, '/mail/Mfiere');
    await row(page, ids.plain).waitFor();
    ok(true, 'L moves to a folder');
    await axe(page, 'notice');
    await page.context().close();
    calm();
  });

  await group('choosing', async () => {
    const page = await open({ storage });
    await go(page, '/mail/inbox');
    await rows(page).first().waitFor();
    await page.locator('[role="row"][tabindex="0"]').focus();
    await page.keyboard.press('x');
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    equal(await page.locator('[role="row"][aria-selected="true"]').count(), 3, 'X and Shift with arrows choose rows');
    ok((await page.getByRole('toolbar').innerText()).includes('3 scelti'), 'the bar says how many');
    await basics(page, 'chosen rows', 'it');
    await axe(page, 'chosen rows');
    await targets(page, 'chosen rows', 24);
    await page.keyboard.press('e');
    await notice(page).getByText('messaggi archiviati').waitFor();
    const text = await notice(page).innerText();
    ok(/4 messaggi archiviati/.test(text), 'a conversation goes as a whole', text);
    await page.keyboard.press('z');
    await notice(page).getByText('Annullato').waitFor();
    await rows(page).nth(1).click({ modifiers: ['Control'] });
    equal(await page.locator('[role="row"][aria-selected="true"]').count(), 1, 'Ctrl and click choose a row');
    mood.refuse.add(await page.locator('[role="row"][aria-selected="true"]').getAttribute('data-email'));
    await page.keyboard.press('e');
    await notice(page).getByText(/Nulla da fare|rimast/).waitFor();
    ok(true, 'what the server refused is told');
    await page.context().close();
    calm();
  });

  await group('letters off', async () => {
    const page = await open({ storage, letters: false });
    await go(page, '/mail/inbox');
    await rows(page).first().waitFor();
    await page.locator('[role="row"][tabindex="0"]').focus();
    const first = await focused(page);
    for (const key of ['j', 'e', 'x', 'h', 'b', 'u', 'l', '?', 'g', 't']) {
      await page.keyboard.press(key);
    }
    await page.waitForTimeout(300);
    equal([await focused(page), await page.locator('[aria-selected="true"], [role="dialog"]').count(), await notice(page).count()], [first, 0, 0], 'single letters do nothing while they are off');
    await page.keyboard.press('F1');
    const sheet = page.getByRole('dialog');
    await sheet.waitFor();
    await axe(page, 'key sheet');
    await shot(page, 'keys');
    const keys = await sheet.locator('kbd').allInnerTexts();
    ok(!keys.some((key) => /^[#/[\]@{}\\|~]$/.test(key)), 'the sheet names only keys of an Italian keyboard', keys.join(' '));
    await sheet.getByRole('switch').click();
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
    await page.locator('[role="row"][tabindex="0"]').focus();
    await page.keyboard.press('j');
    await page.waitForFunction((was) => document.activeElement?.getAttribute('data-email') !== was, first);
    ok(true, 'the switch puts them on');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('jexh');
    equal(await page.locator('search input').inputValue(), 'jexh', 'letters are text in a field');
    await page.context().close();
  });

  await group('search', async () => {
    const page = await open({ storage });
    await go(page, '/mail/inbox');
    await rows(page).first().waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('option').first().waitFor();
    await axe(page, 'open search');
    await shot(page, 'search-open');
    const found = async (words) => {
      await page.keyboard.press('Control+k');
      await page.locator('search input').fill(words);
      await page.keyboard.press('Enter');
      await page.waitForURL('**/mail/search**');
      await page.locator('#list-title', { hasText: 'Risultati' }).waitFor();
      await rows(page).first().or(page.getByText('Nessun messaggio trovato')).first().waitFor();
      await page.waitForTimeout(200);
      return rows(page).evaluateAll((items) => items.map((item) => item.dataset.email));
    };
    const italian = await found('da:rossi allegato:sì');
    const english = await found('from:rossi has:attachment');
    ok(italian.length > 1, 'da:rossi allegato:sì finds something', String(italian));
    equal(english, italian, 'the English operators find the same');
    await found('fattura');
    ok((await page.locator('[role="row"] mark').count()) > 0, 'the words found are marked');
    await axe(page, 'search results');
    await basics(page, 'search results', 'it');
    await shot(page, 'search-results');
    await found('mittenti:rossi fattura');
    ok(await page.getByText('«mittenti:» non è una condizione che conosco').isVisible(), 'an unknown operator is told');
    await found('parolachenonesiste');
    ok(await page.getByText('Nessun messaggio trovato').isVisible(), 'nothing found is said');
    await rows(page).first().waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.locator('search input').fill('');
    ok((await page.getByRole('option').allInnerTexts()).some((text) => text.includes('parolachenonesiste')), 'recent searches are offered');
    await page.locator('search input').fill('held');
    await page.getByRole('option', { name: /Vai a Trattenuti/ }).click();
    await page.waitForURL('**/mail/held');
    ok(true, 'a command is found by its name in the other language');
    await go(page, '/mail/search');
    await page.getByRole('heading', { name: 'Che cosa cerchi?' }).waitFor();
    await axe(page, 'empty search');
    await page.context().close();
    const phone = await open({ storage, width: 390 });
    await go(phone, '/mail/inbox');
    await rows(phone).first().waitFor();
    await phone.locator('header').getByRole('button', { name: 'Cerca' }).click();
    await phone.locator('search input').waitFor();
    await axe(phone, 'search on a phone');
    await shot(phone, 'search-phone');
    await phone.context().close();
  });

  /** The paper turns dark and back; pictures keep their colours, and the choice lasts. */
  async function darkColours(page, frame) {
    const paper = () => frame.locator('html').evaluate((item) => getComputedStyle(item).filter);
    equal(await paper(), 'none', 'mail is light paper, also in the dark');
    await page.getByRole('button', { name: 'Colori scuri' }).click();
    await page.getByRole('button', { name: 'Colori originali' }).waitFor();
    await frame.getByText('Your shipment is on its way').waitFor();
    ok((await paper()).includes('invert'), 'one tap makes it dark');
    ok((await frame.locator('img').first().evaluate((item) => getComputedStyle(item).filter)).includes('invert(1)'), 'its pictures are turned back');
    await axe(page, 'dark colours');
    await shot(page, 'html-turned');
    await page.reload();
    await page.getByRole('button', { name: 'Colori originali' }).click();
    await frame.getByText('Your shipment is on its way').waitFor();
    equal(await paper(), 'none', 'the choice lasts, and another tap gives the original colours');
  }

  await group('swipe', async () => {
    calm();
    const page = await open({ storage, width: 390 });
    const touch = await page.context().newCDPSession(page);
    const pull = async (id, dx, dy = 0, drawn = '') => {
      const box = await row(page, id).boundingBox();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
      for (let step = 1; step <= 8; step += 1) {
        await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [{ x: x + (dx * step) / 8, y: y + (dy * step) / 8 }] });
      }
      if (drawn) {
        await shot(page, drawn);
      }
      const word = await row(page, id).getAttribute('data-swipe-word');
      await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
      return word;
    };
    await go(page, '/mail/inbox');
    await row(page, ids.caution).waitFor();
    equal(await pull(ids.caution, 60), 'Archivia', 'a short pull shows what would happen');
    await page.waitForTimeout(150);
    ok(page.url().endsWith('/mail/inbox') && (await row(page, ids.caution).count()) === 1, 'and does nothing, nor opens the message');
    equal(await pull(ids.caution, 150, 0, 'swipe'), 'Archivia', 'a long pull to the right');
    await notice(page).getByText('Messaggio archiviato.').waitFor();
    await row(page, ids.caution).waitFor({ state: 'detached' });
    await notice(page).getByRole('button', { name: 'Annulla' }).click();
    await row(page, ids.caution).waitFor();
    ok(true, 'archives, and can be undone');
    equal(await pull(ids.caution, -150), 'Elimina', 'a long pull to the left');
    await notice(page).getByText('Messaggio nel cestino.').waitFor();
    await row(page, ids.caution).waitFor({ state: 'detached' });
    equal(await pull(ids.hostile, 20, 120), null, 'up and down scrolls');
    ok((await row(page, ids.hostile).count()) === 1 && page.url().endsWith('/mail/inbox'), 'and acts on nothing');
    await row(page, ids.plain).tap();
    await page.locator('article').waitFor();
    ok(true, 'a tap still opens');
    await page.getByRole('button', { name: 'Altro' }).click();
    equal(await page.getByRole('menuitem', { name: /^(Archivia|Elimina)$/ }).count(), 2, 'the menu has the same acts');
    await go(page, '/mail/held');
    await row(page, ids.held).waitFor();
    equal(await pull(ids.held, 150), '', 'held mail is not moved by a gesture');
    await page.waitForTimeout(150);
    equal(await row(page, ids.held).count(), 1, 'it stays');
    await page.context().close();
    calm();
  });

  await group('html mail', async () => {
    for (const [theme, width] of [['light', 1440], ['dark', 390]]) {
      const page = await open({ storage, theme, width });
      const asked = [];
      // Pictures that were asked for are answered here, so that nothing leaves the machine.
      await page.route(/tracker\.example/, (route) => {
        asked.push(route.request().url());
        return route.fulfill({ status: 204 });
      });
      await go(page, `/mail/inbox/${ids.html}`);
      await page.locator('article iframe').waitFor();
      const frame = page.frameLocator('article iframe');
      await frame.getByText('Your shipment is on its way').waitFor();
      equal(await page.locator('article iframe').getAttribute('sandbox'), 'allow-same-origin allow-popups allow-popups-to-escape-sandbox', 'the frame runs no script and no form');
      equal(await frame.locator('script, form, input, iframe, object, link, base').count(), 0, 'nothing that acts is in it');
      await frame.locator('img[src^="data:image/png"]').first().waitFor();
      ok(true, 'the picture of the message itself is shown');
      ok((await frame.locator('.sg-host').innerText()).includes('elsewhere.example'), 'a link whose text names another host shows the real one');
      equal(await frame.locator('a').first().getAttribute('rel'), 'noopener noreferrer nofollow', 'links leave nothing behind');
      ok((await frame.locator('p').nth(1).evaluate((item) => getComputedStyle(item).color)) === 'rgb(95, 102, 117)', 'style attributes are kept');
      const quote = frame.locator('blockquote');
      ok(!(await quote.isVisible()), 'the quoted text is folded');
      await frame.getByText('Mostra testo citato').click();
      ok(await quote.isVisible(), 'and opens without a script');
      const heightsOf = () => page.locator('article iframe').evaluate((item) => [item.clientHeight, item.contentDocument.documentElement.scrollHeight]);
      let heights = await heightsOf();
      for (const end = Date.now() + 60_000; Math.abs(heights[0] - heights[1]) >= 6 && Date.now() < end; heights = await heightsOf()) {
        await page.waitForTimeout(50);
      }
      ok(Math.abs(heights[0] - heights[1]) < 6, 'the frame is as high as the mail', heights.join(' '));
      equal(asked, [], 'nothing was fetched from elsewhere');
      await axe(page, `html mail ${theme} ${width}`);
      await shot(page, `html-${theme}-${width}`);
      if (theme === 'dark') {
        await darkColours(page, frame);
      }
      faults.picturesAsked = true;
      await page.getByRole('button', { name: 'Mostra immagini' }).click();
      await until(() => asked.some((url) => url.includes('bg.png')));
      faults.picturesAsked = false;
      ok(asked.some((url) => url.includes('bg.png')), 'pictures come when they are asked for', asked.join(' '));
      await page.context().close();
    }
    const page = await open({ storage });
    await go(page, `/mail/inbox/${ids.link}`);
    const frame = page.frameLocator('article iframe');
    await frame.getByText('Gentile cliente').waitFor();
    equal(await frame.locator('a[href]').count(), 0, 'with a caution the links are off');
    ok((await frame.locator('body').innerText()).includes('[evil.example]'), 'and say where they would lead');
    equal(await page.locator('[data-warning="caution"]').getAttribute('data-touches'), 'link', 'the card belongs to the link');
    await page.getByRole('button', { name: 'Attiva i link' }).click();
    await frame.locator('a[href^="https://evil.example"]').waitFor();
    ok(true, 'until somebody switches them on');
    await page.context().close();
  });

  await group('files', async () => {
    const page = await open({ storage });
    await go(page, `/mail/inbox/${ids.files}`);
    await page.locator('article li').first().waitFor();
    const dialog = page.getByRole('dialog');
    const look = async (name, check) => {
      await page.getByRole('button', { name: new RegExp(name) }).click();
      await dialog.waitFor();
      await check();
      await axe(page, `preview of ${name}`);
      await shot(page, `preview-${name}`);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    };
    await look('IT01234567890_00121.xml', async () => {
      await dialog.locator('[data-invoice]').waitFor();
      const text = await dialog.innerText();
      for (const word of ['Fattura 121/26', 'Rossi Marmi S.r.l.', 'Lastre Bianco Statuario 2 cm', '15.030,40', '31/12/2026', 'IT60 X054 2811 1010 0000 0123 456', 'Bonifico']) {
        ok(text.replace(/\u00a0/g, ' ').includes(word), `the invoice says "${word}"`, text);
      }
      await dialog.getByText('Verificato').waitFor();
      ok(true, 'its IBAN is held against what is known');
    });
    await look('ddt.pdf', async () => {
      await dialog.locator('[data-drawn] canvas').waitFor();
      ok((await dialog.locator('[data-drawn]').first().textContent()).includes('Documento di trasporto'), 'a PDF is drawn, with its words for screen readers');
    });
    await look('broken.pdf', async () => {
      await dialog.getByText('danneggiato').waitFor();
      ok(true, 'a broken file is told');
    });
    await look('carico.png', async () => {
      await dialog.locator('img').waitFor();
      ok((await dialog.locator('img').evaluate((item) => item.naturalWidth)) === 160, 'a picture is shown');
    });
    await look('note.txt', async () => {
      await dialog.getByText('<b>Non</b> salire').waitFor();
      ok(true, 'a text stays text');
    });
    await look('inoltrata.eml', async () => {
      await dialog.getByText('Ecco le foto.').waitFor();
      ok((await dialog.innerText()).includes('Foto del lotto 3'), 'a message as a file is read');
    });
    equal(await page.getByRole('button', { name: /listino\.xlsx/ }).count(), 0, 'what cannot be shown is only to be fetched');
    ok((await page.getByRole('link', { name: 'Scarica listino.xlsx' }).getAttribute('href')).startsWith('/download/A1/'), 'and can be');
    await page.context().close();
  });

  await group('context', async () => {
    const page = await open({ storage });
    await go(page, `/mail/held/${ids.held}`);
    const context = page.locator('[data-pane="context"]');
    await context.getByText('Verificato').waitFor();
    const text = await context.innerText();
    for (const word of ['Chi scrive', '214 messaggi dal 02/03/2021', 'Rossi Marmi S.r.l.', 'IT60 X054', 'LT12', 'diverso', 'mai usata da voi', '2 anni fa', 'inserita da una persona']) {
      ok(text.replace(/\s+/g, ' ').includes(word), `the context says "${word}"`, text);
    }
    equal(await page.locator('article').getByText('sicuro').count(), 0, 'nobody is called safe');
    mood.refuse.add('context');
    await page.reload();
    await context.getByText('Coordinate non controllate: non pagare.').waitFor();
    ok(await page.locator('article h1').isVisible(), 'without the history: do not pay, and the message stays readable');
    await axe(page, 'context that failed');
    mood.refuse.clear();
    await page.context().close();
    for (const [width, name] of [[1024, 'Mittente'], [390, /Coordinate bancarie/]]) {
      const narrow = await open({ storage, width });
      await go(narrow, `/mail/held/${ids.held}`);
      await narrow.locator('article').waitFor();
      await narrow.getByRole('button', { name }).click();
      await narrow.getByText('214 messaggi').waitFor();
      await axe(narrow, `context at ${width}`);
      await basics(narrow, `context at ${width}`, 'it');
      await shot(narrow, `context-${width}`);
      await narrow.keyboard.press('Escape');
      await narrow.getByText('214 messaggi').waitFor({ state: 'hidden' });
      ok(await narrow.locator('article').isVisible(), `Esc closes it and leaves the message at ${width}`);
      await narrow.context().close();
    }
  });

  await group('decisions', async () => {
    calm();
    const page = await open({ storage });
    await go(page, `/mail/held/${ids.held}`);
    const card = page.locator('[data-warning="stop"]');
    await card.waitFor();
    equal(await page.locator('article iframe, article a[href]').count(), 0, 'held: no frame, no link');
    equal(await page.locator('article').getByRole('link', { name: /Scarica/ }).count(), 0, 'held: no attachment to fetch');
    equal(await page.getByRole('button', { name: /^(Archivia|Sposta|Rispondi|Inoltra)$/ }).count(), 0, 'held: no archive, move, reply or forward');
    equal(await card.getByRole('button', { name: /chiudi|close|×/i }).count(), 0, 'a warning has no way to be closed');
    const shared = await page.evaluate(() => {
      const classes = (selector) => new Set([...document.querySelectorAll(`${selector}, ${selector} *`)].flatMap((item) => [...item.classList]).filter((name) => name.startsWith('_')));
      const toast = classes('[data-notice]');
      return [...classes('[data-warning]')].filter((name) => toast.has(name));
    });
    equal(shared, [], 'it shares no class with notices');
    await card.getByRole('button', { name: 'Ho già pagato' }).click();
    ok((await card.innerText()).includes('richiamo del bonifico'), 'who has paid is told what to do now');
    await axe(page, 'already paid');
    await card.getByRole('button', { name: 'Segnala truffa' }).click();
    await page.locator('[data-decision="fraud"]').waitFor();
    equal(mood.calls.at(-1), ['report', [ids.held], 'fraud'], 'fraud is reported as fraud, not as junk');
    await page.reload();
    await card.waitFor();
    const line = await page.locator('[data-decision="fraud"]').innerText();
    ok(/Segnalato come truffa da giulia@azienda\.example, oggi \d\d:\d\d/.test(line), 'who reported it and when stays after a reload', line);
    equal(await card.getByRole('button', { name: 'Segnala truffa' }).count(), 0, 'and it is not asked again');
    await card.getByRole('button', { name: /rilascia/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    await axe(page, 'release');
    await shot(page, 'release');
    await dialog.getByRole('button', { name: 'Rilascia', exact: true }).click();
    ok((await dialog.innerText()).includes('resta trattenuto'), 'without a check and a reason nothing is released');
    equal(mood.calls.filter(([what]) => what === 'release').length, 0, 'and nothing is asked of the server');
    await dialog.getByRole('checkbox').check();
    await dialog.getByRole('textbox').fill('Sentita Anna al numero che avevamo, ha confermato.');
    await dialog.getByRole('button', { name: 'Rilascia', exact: true }).click();
    await page.waitForURL(`**/mail/inbox/${ids.held}`);
    await page.locator('[data-decision="released"]').waitFor();
    ok(true, 'a line of history takes the place of the card');
    equal(mood.calls.at(-1)[2], 'Sentita Anna al numero che avevamo, ha confermato.', 'the reason goes along');
    calm();
    await go(page, '/mail/held');
    ok((await row(page, ids.held).innerText()).includes('L’IBAN è cambiato'), 'the list of held mail says why');
    await row(page, ids.held).focus();
    await page.keyboard.press('Delete');
    await notice(page).getByText('Messaggio trattenuto eliminato').waitFor();
    await page.getByRole('heading', { name: 'Nessun messaggio trattenuto' }).waitFor();
    ok(true, 'a held message can be thrown away');
    await page.context().close();
    calm();
  });

  await group('new mail at once', async () => {
    const page = await open({ storage });
    const line = page.waitForResponse((response) => new URL(response.url()).pathname === '/events');
    await go(page, '/mail/inbox');
    await rows(page).first().waitFor();
    await line;
    const { emails } = await import('./mail.mjs');
    mood.extra = [{ ...emails.find((item) => item.id === ids.plain), id: 'Eline', threadId: 'Tline', subject: 'Annunciato', receivedAt: new Date().toISOString() }];
    const start = Date.now();
    announce();
    await page.getByText('Annunciato').waitFor();
    ok(Date.now() - start < 5000, 'the server’s line brings new mail', `${Date.now() - start} ms`);
    calm();
    await page.context().close();
  });

  /** From the record to publish, through each answer of the DNS, to a domain that works. */
  async function domainProof(page) {
    const item = page.locator('[data-domain="nuovo.example"]');
    await item.getByText('_sigillo.nuovo.example').waitFor();
    const text = await item.innerText();
    for (const word of ['Da dimostrare', 'TXT', 'sigillo-verify=', 'scrivi solo «_sigillo»', 'Non ancora controllato', 'non riceve posta']) {
      ok(text.includes(word), `a pending domain says "${word}"`, text);
    }
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await item.getByRole('button', { name: /^Copia\s*il valore del record/ }).click();
    await item.getByText('Copiato').first().waitFor();
    equal(await page.evaluate(() => navigator.clipboard.readText()), (await item.locator('dd span.mono').nth(1).innerText()), 'the value is copied whole');
    const answers = new Set();
    for (const [dns, word] of [['notFound', 'Manca'], ['wrong', 'Diverso'], ['dns', 'Non verificabile ora'], ['taken', 'Di un’altra azienda']]) {
      mood.dns = dns;
      await item.getByRole('button', { name: 'Controlla ora' }).click();
      await item.getByText(word, { exact: true }).waitFor();
      answers.add(await item.locator('p[role="status"]').innerText());
    }
    equal(answers.size, 4, 'each answer of the DNS is told in its own words');
    await axe(page, 'pending domain');
    await shot(page, 'settings-domain-pending');
    await page.setViewportSize({ width: 390, height: 844 });
    await basics(page, 'pending domain 390', 'it');
    await targets(page, 'pending domain 390', 24);
    await shot(page, 'settings-domain-pending-390');
    await page.setViewportSize({ width: 1440, height: 900 });
    mood.dns = 'proven';
    await item.getByRole('button', { name: 'Controlla ora' }).click();
    await item.getByText('A posto', { exact: true }).waitFor();
    equal(await item.getByText('sigillo-verify=').count(), 0, 'a proven domain asks for nothing');
  }

  await group('administration', async () => {
    const page = await open({ storage });
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: width < 500 ? 844 : 900 });
      for (const name of ['people', 'domains', 'log', 'health']) {
        await go(page, `/settings/${name}`);
        await page.locator('table, [class*="cell"], [data-domain]').first().waitFor();
        await basics(page, `${name} ${width}`, 'it');
        await axe(page, `${name} ${width}`);
        await targets(page, `${name} ${width}`, 24);
        await shot(page, `settings-${name}-${width}`);
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    await go(page, '/settings/people');
    await page.getByRole('button', { name: 'Aggiungi persona' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Aggiungi persona' }).click();
    ok((await dialog.innerText()).includes('almeno 10'), 'an empty form says what is missing');
    await axe(page, 'new person');
    await dialog.getByLabel('Nome e cognome').fill('Sara Conti');
    await dialog.getByLabel('Indirizzo e-mail').fill('giulia@azienda.example');
    await dialog.getByLabel('Prima password').fill('una frase lunga');
    await dialog.getByRole('button', { name: 'Aggiungi persona' }).click();
    await dialog.getByText('Esiste già.').waitFor();
    await dialog.getByLabel('Indirizzo e-mail').fill('sara@azienda.example');
    await dialog.getByRole('button', { name: 'Aggiungi persona' }).click();
    await page.getByRole('cell', { name: /Sara Conti/ }).first().waitFor();
    ok(true, 'a person is added; a refusal is told in words');
    await page.getByRole('button', { name: 'Cambia Sara Conti' }).click();
    await dialog.getByRole('button', { name: 'Disattiva' }).click();
    await page.getByRole('row', { name: /Sara Conti/ }).getByText('Disattivata').waitFor();
    ok(true, 'and disabled');
    await page.getByRole('button', { name: 'Cambia Giulia Ferri' }).click();
    equal(await dialog.getByRole('button', { name: 'Disattiva' }).count(), 0, 'nobody locks himself out');
    await page.keyboard.press('Escape');
    await go(page, '/settings/domains');
    await page.getByRole('button', { name: 'Aggiungi dominio' }).click();
    await dialog.getByRole('textbox').fill('altrui.example');
    await dialog.getByRole('button', { name: 'Aggiungi dominio' }).click();
    await dialog.getByText('Questo dominio è di un’altra azienda').waitFor();
    ok(true, 'a refusal is told in the server’s own words');
    await dialog.getByRole('textbox').fill('nuovo.example');
    await dialog.getByRole('button', { name: 'Aggiungi dominio' }).click();
    await domainProof(page);
    await page.getByRole('button', { name: 'Togli nuovo.example' }).click();
    await dialog.getByRole('button', { name: 'Togli', exact: true }).click();
    ok((await dialog.innerText()).includes('Non è scritto uguale'), 'a domain goes only when its name is typed');
    await dialog.getByRole('textbox').fill('nuovo.example');
    await dialog.getByRole('button', { name: 'Togli', exact: true }).click();
    await page.getByText('Dominio tolto.').waitFor();
    await go(page, '/settings/log');
    await page.getByRole('button', { name: /Traccia delle/ }).first().click();
    await dialog.locator('[data-trace]').getByText('Trattenuto').first().waitFor();
    await axe(page, 'trace');
    await page.keyboard.press('Escape');
    await page.getByText('Rifiutati', { exact: true }).click();
    await page.getByText('550 5.1.1').waitFor();
    await page.getByText('Accettato', { exact: true }).waitFor({ state: 'detached' });
    ok(true, 'the log is filtered');
    await page.getByRole('textbox', { name: 'Cerca', exact: true }).fill('nessuno di questi');
    await page.getByRole('button', { name: 'Togli i filtri' }).click();
    await page.getByText('Accettato', { exact: true }).waitFor();
    ok(true, 'and cleared');
    await page.context().close();
  });

  await group('focus is never covered', async () => {
    for (const width of [1440, 390]) {
      const page = await open({ storage, width });
      await go(page, `/mail/inbox/${ids.files}`);
      await page.locator('article').waitFor();
      const covered = [];
      for (let step = 0; step < 40; step += 1) {
        await page.keyboard.press('Tab');
        const fault = await page.evaluate(() => {
          const item = document.activeElement;
          if (!item || item === document.body || item.classList.contains('skip')) {
            return '';
          }
          const box = item.getBoundingClientRect();
          const x = Math.min(innerWidth - 1, Math.max(0, box.x + box.width / 2));
          const y = Math.min(innerHeight - 1, Math.max(0, box.y + box.height / 2));
          const top = document.elementFromPoint(x, y);
          return top && (item.contains(top) || top.contains(item)) ? '' : `${item.tagName} ${item.textContent?.slice(0, 30)}`;
        });
        if (fault) {
          covered.push(fault);
        }
      }
      equal(covered, [], `no focused element is covered at ${width}`);
      await page.context().close();
    }
  });

  await group('long words', async () => {
    const page = await open({ storage });
    // A language a third longer than Italian: what is cut shows itself.
    await go(page, '/mail/inbox');
    await rows(page).first().waitFor();
    const cut = await page.evaluate(() => {
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        if (node.nodeValue.trim() && !node.parentElement.closest('[role="grid"], style, script')) {
          node.nodeValue += '~'.repeat(Math.ceil(node.nodeValue.length * 0.35));
        }
      }
      return [...document.querySelectorAll('button, a, label, h1, h2, kbd')]
        .filter((item) => item.checkVisibility() && !item.closest('[role="grid"], .skip') && item.scrollWidth > item.clientWidth + 1 && getComputedStyle(item).overflow !== 'visible')
        .map((item) => item.textContent.slice(0, 40));
    });
    equal(cut, [], 'words a third longer are not cut');
    await page.context().close();
  });

  await group('installable', async () => {
    const page = await open({ storage, shell: true });
    await go(page, '/mail/inbox');
    await rows(page).first().waitFor();
    const manifest = await page.evaluate(async () => (await fetch(document.querySelector('link[rel="manifest"]').href)).json());
    ok(manifest.start_url && manifest.display === 'standalone' && manifest.icons.some((icon) => icon.purpose === 'maskable'), 'the manifest says what is needed');
    for (const icon of manifest.icons) {
      equal(await page.evaluate(async (src) => (await fetch(src)).headers.get('content-type'), icon.src), 'image/png', `${icon.src} is there`);
    }
    let kept = [];
    for (let turn = 0; turn < 40 && (kept.length < 5 || page.context().serviceWorkers().length === 0); turn += 1) {
      await page.waitForTimeout(500);
      kept = await page.evaluate(async () => (await (await caches.open('sigillo-shell')).keys()).map((request) => new URL(request.url).pathname));
    }
    ok(kept.includes('/') && kept.some((path) => path.endsWith('.js')), 'the panel’s own files are kept', kept.join(' '));
    ok(kept.every((path) => path === '/' || path.startsWith('/assets/')), 'mail never is', kept.join(' '));
    await page.context().close();
  });

  await group('first load', async () => {
    const page = await open({ storage });
    await go(page, '/mail/inbox');
    await rows(page).first().waitFor();
    const bytes = await page.evaluate(() =>
      performance.getEntriesByType('resource').filter((entry) => /\.m?js$/.test(entry.name)).reduce((sum, entry) => sum + entry.decodedBodySize, 0));
    ok(bytes > 100_000 && bytes < 1_100_000, 'a first visit loads what the build measured (uncompressed)', `${bytes}`);
    await rows(page).nth(1).click();
    await page.locator('article').waitFor();
    const times = [];
    for (const id of [ids.plain, ids.note, ids.files, ids.plain, ids.note]) {
      const took = await page.evaluate(async (wanted) => {
        const item = document.querySelector(`[role="row"][data-email="${wanted}"]`);
        const subject = document.querySelector('article h1').textContent;
        const start = performance.now();
        item.click();
        while (document.querySelector('article h1')?.textContent === subject || !document.querySelector('article')) {
          await new Promise((resolve) => requestAnimationFrame(resolve));
        }
        return performance.now() - start;
      }, id);
      times.push(took);
    }
    console.log(`# open a message: ${times.map((time) => time.toFixed(0)).join(' ')} ms (said, not asserted)`);
    equal(times.length, 5, 'each click opens its message');
    await page.context().close();
  });
}
