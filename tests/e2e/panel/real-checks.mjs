// What a person does, against the real server: read HTML, look into files, search, archive and undo, release with a reason.
// New mail is brought by SMTP while the page is open.
import { connect } from 'node:net';
import { equal, group, ok, until } from './tap.mjs';

/** Hands one small message in. */
function deliver(port, to, subject) {
  const lines = [
    null, 'EHLO tester.example', 'MAIL FROM:<ops@chen-trading.example>', `RCPT TO:<${to}>`, 'DATA',
    `From: Chen Trading <ops@chen-trading.example>\r\nTo: <${to}>\r\nSubject: ${subject}\r\nMessage-ID: <${Date.now()}@chen-trading.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nVessel departed.\r\n.`,
    'QUIT',
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let step = 0;
    let heard = '';
    socket.on('data', (data) => {
      heard += data;
      if (!/^\d{3} .*\r\n$/m.test(heard)) {
        return;
      }
      if (!/^[23]/.test(heard)) {
        reject(new Error(heard));
      }
      heard = '';
      step += 1;
      if (step < lines.length) {
        socket.write(`${lines[step]}\r\n`);
      } else {
        socket.end();
        resolve();
      }
    });
    socket.on('error', reject);
  });
}

export async function realChecks({ open, axe, basics, shot, target, storage, faults }) {
  const rows = (page) => page.locator('[role="row"][data-email]');
  const rowOf = (page, subject) => page.locator('[role="row"][data-email]', { hasText: subject });
  const notice = (page) => page.locator('[data-notice]');
  const inbox = async (page) => {
    await page.goto(`${target.url}/mail/inbox`);
    await rows(page).first().waitFor();
  };

  await group('real: html mail', async () => {
    const page = await open({ storage });
    await inbox(page);
    await rowOf(page, 'Your shipment NW-2291').click();
    const frame = page.frameLocator('article iframe');
    await frame.getByRole('heading', { name: 'Your shipment is on its way' }).waitFor();
    await frame.locator('img[src^="data:image/png"]').waitFor();
    ok(true, 'the mail’s own picture is shown in its frame');
    equal(await frame.locator('script').count(), 0, 'its script is gone');
    equal(await frame.locator('h2').evaluate((item) => getComputedStyle(item).color), 'rgb(37, 67, 127)', 'its style is kept under the server’s own policy');
    equal(await page.locator('article li').count(), 0, 'a picture of the text has no tile');
    await axe(page, 'real html mail');
    await shot(page, 'real-html');
    faults.picturesAsked = true;
    const asked = [];
    await page.route(/tracker\.example/, (route) => {
      asked.push(route.request().url());
      return route.fulfill({ status: 204 });
    });
    await page.getByRole('button', { name: 'Mostra immagini' }).click();
    await until(() => asked.length > 0);
    faults.picturesAsked = false;
    equal(asked, ['https://tracker.example/open.gif'], 'pictures from elsewhere come when asked for');
    await page.context().close();
  });

  await group('real: files', async () => {
    const page = await open({ storage });
    await inbox(page);
    await rowOf(page, 'Fattura 121/26').click();
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: /IT01234567890_00121\.xml/ }).click();
    await dialog.locator('[data-invoice]').waitFor();
    await dialog.getByText(/Verificato|Usato da tempo|Non verificato|Mai visto|Diverso/).first().waitFor();
    ok((await dialog.innerText()).includes('IT60 X054 2811 1010 0000 0123 456'), 'an invoice is read from the server’s download');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /ddt\.pdf/ }).click();
    await dialog.locator('[data-drawn]').waitFor();
    ok(true, 'a PDF too');
    await page.keyboard.press('Escape');
    const got = await page.evaluate(async (href) => {
      const response = await fetch(href);
      return [response.status, response.headers.get('content-disposition')?.slice(0, 10), (await response.text()).slice(0, 5)];
    }, await page.getByRole('link', { name: 'Scarica ddt.pdf' }).getAttribute('href'));
    equal(got, [200, 'attachment', '%PDF-'], 'it can be fetched as a file');
    ok((await page.locator('[data-pane="context"]').innerText()).includes('rossimarmi.example'), 'the context says who it is');
    await page.context().close();
  });

  await group('real: acts and search', async () => {
    const page = await open({ storage });
    await inbox(page);
    const before = await rows(page).count();
    await rowOf(page, 'Your shipment NW-2291').focus();
    await page.keyboard.press('e');
    await notice(page).getByText('Messaggio archiviato.').waitFor();
    await rowOf(page, 'Your shipment NW-2291').waitFor({ state: 'detached' });
    await page.keyboard.press('z');
    await rowOf(page, 'Your shipment NW-2291').waitFor();
    equal(await rows(page).count(), before, 'archive and undo');
    await rowOf(page, 'Your shipment NW-2291').focus();
    await page.keyboard.press('Delete');
    await notice(page).getByText('Messaggio nel cestino.').waitFor();
    await page.goto(`${target.url}/mail/trash`);
    await rowOf(page, 'Your shipment NW-2291').waitFor();
    await rowOf(page, 'Your shipment NW-2291').focus();
    await page.keyboard.press('l');
    await page.getByRole('dialog').getByRole('button', { name: 'Posta in arrivo' }).click();
    await notice(page).getByText('Messaggio in Posta in arrivo.').waitFor();
    await inbox(page);
    await rowOf(page, 'Your shipment NW-2291').waitFor();
    ok(true, 'delete, and back by moving');
    await rowOf(page, 'Your shipment NW-2291').focus();
    await page.keyboard.press('b');
    await notice(page).getByText('Segnato.').waitFor();
    await page.reload();
    await rowOf(page, 'Your shipment NW-2291').waitFor();
    ok((await rowOf(page, 'Your shipment NW-2291').innerText()).includes('segnato'), 'a flag stays');
    const find = async (words) => {
      await page.keyboard.press('Control+k');
      await page.locator('search input').fill(words);
      await page.keyboard.press('Enter');
      await page.waitForURL('**/mail/search**');
      await rows(page).first().or(page.getByText('Nessun messaggio trovato')).first().waitFor();
      await page.waitForTimeout(300);
      return rows(page).evaluateAll((items) => items.map((item) => item.dataset.email));
    };
    // The index follows the delivery within a second or two.
    let italian = [];
    for (let turn = 0; turn < 20 && italian.length === 0; turn += 1) {
      italian = await find('da:amministrazione allegato:sì');
      await page.waitForTimeout(500);
    }
    ok(italian.length > 0, 'da: and allegato: find', String(italian));
    equal(await find('from:amministrazione has:attachment'), italian, 'from: and has: find the same');
    ok((await find('shipment')).length > 0, 'a word of the text is found');
    await basics(page, 'real search', 'it');
    await axe(page, 'real search');
    await shot(page, 'real-search');
    await page.context().close();
  });

  await group('real: reports', async () => {
    const page = await open({ storage });
    await inbox(page);
    await rowOf(page, 'Your shipment NW-2291').click();
    await page.locator('article').waitFor();
    await page.getByRole('button', { name: 'Altro', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Segnala truffa' }).click();
    const line = page.locator('[data-decision="fraud"]');
    await line.waitFor();
    await page.reload();
    await line.waitFor();
    ok((await line.innerText()).includes(target.address), 'a report and who made it last', await line.innerText());
    await axe(page, 'real report');
    await page.context().close();
  });

  if (process.env.SIGILLO_SMTP) {
    await group('real: new mail', async () => {
      const page = await open({ storage });
      const line = page.waitForResponse((response) => /eventsource|events/.test(new URL(response.url()).pathname));
      await inbox(page);
      await line;
      const start = Date.now();
      await deliver(Number(process.env.SIGILLO_SMTP), target.address, 'Arrivato adesso');
      await rowOf(page, 'Arrivato adesso').waitFor();
      const took = Date.now() - start;
      console.log(`# from the final dot to the row: ${took} ms`);
      ok(took < 10_000, 'new mail appears by itself', `${took} ms`);
      await page.context().close();
    });
  }

  await group('real: administration', async () => {
    const page = await open({ storage });
    await page.goto(`${target.url}/settings/people`);
    await page.locator('table').waitFor();
    ok((await page.locator('table').innerText()).includes(target.address.split('@')[0]), 'the people of the firm are listed');
    await page.getByRole('button', { name: 'Aggiungi persona' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Nome e cognome').fill('Sara Conti');
    await dialog.getByLabel('Indirizzo e-mail').fill(`sara@${target.address.split('@')[1]}`);
    await dialog.getByLabel('Prima password').fill('una frase lunga e nuova');
    await dialog.getByRole('button', { name: 'Aggiungi persona' }).click();
    await page.getByRole('cell', { name: /Sara Conti/ }).first().waitFor();
    ok(true, 'a person is added');
    for (const name of ['domains', 'log', 'health']) {
      await page.goto(`${target.url}/settings/${name}`);
      await page.locator('table tbody tr, [data-domain]').first().waitFor();
      await basics(page, `real ${name}`, 'it');
      await axe(page, `real ${name}`);
      await shot(page, `real-${name}`);
    }
    await page.goto(`${target.url}/settings/domains`);
    await page.getByRole('button', { name: 'Aggiungi dominio' }).click();
    await dialog.getByRole('textbox').fill('da-dimostrare.example');
    await dialog.getByRole('button', { name: 'Aggiungi dominio' }).click();
    const pending = page.locator('[data-domain="da-dimostrare.example"]');
    await pending.getByText('_sigillo.da-dimostrare.example').waitFor();
    await pending.getByRole('button', { name: 'Controlla ora' }).click();
    await pending.getByText(/^(Manca|Non verificabile ora)$/).waitFor();
    ok((await pending.locator('p[role="status"]').innerText()).length > 20, 'a domain waits for its proof, and the answer of the DNS is told');
    await axe(page, 'real pending domain');
    await shot(page, 'real-domain-pending');
    await pending.getByRole('button', { name: 'Togli da-dimostrare.example' }).click();
    await dialog.getByRole('textbox').fill('da-dimostrare.example');
    await dialog.getByRole('button', { name: 'Togli', exact: true }).click();
    await pending.waitFor({ state: 'detached' });
    await page.goto(`${target.url}/settings/log`);
    await page.getByRole('button', { name: /Traccia delle/ }).first().click();
    await dialog.locator('[data-trace] section').first().waitFor();
    ok((await dialog.innerText()).includes(target.address.split('@')[1]), 'a delivery has its trace');
    await shot(page, 'real-trace');
    await page.context().close();
  });

  await group('real: release', async () => {
    const page = await open({ storage });
    await page.goto(`${target.url}/mail/held`);
    await rows(page).first().waitFor();
    const id = await rows(page).first().getAttribute('data-email');
    await rows(page).first().click();
    const card = page.locator('[data-warning="stop"]');
    await card.waitFor();
    await card.getByRole('button', { name: /rilascia/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('checkbox').check();
    await dialog.getByRole('textbox').fill('Sentita Anna al numero che avevamo già.');
    await dialog.getByRole('button', { name: 'Rilascia', exact: true }).click();
    await page.waitForURL('**/mail/inbox/**');
    await page.locator('article [data-decision="released"]').waitFor();
    equal(await page.locator('[data-warning="stop"]').count(), 0, 'a released message has a line of history instead of its card');
    await page.goto(`${target.url}/mail/held`);
    await page.locator('#list-title').waitFor();
    await page.getByRole('heading', { name: 'Nessun messaggio trattenuto' }).or(rows(page).first()).first().waitFor();
    equal(await page.locator(`[data-email="${id}"]`).count(), 0, 'a released message left Held');
    await page.context().close();
  });
}
