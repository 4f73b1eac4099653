// Made-up mail of a made-up firm: one message per warning level, a conversation, hostile header text, a long archive.
const HOUR = 3_600_000;
const now = Date.now();
const at = (hoursAgo) => new Date(now - hoursAgo * HOUR).toISOString();
const giulia = { name: 'Giulia Ferri', email: 'giulia@azienda.example' };

export const me = { address: giulia.email, name: giulia.name, firm: 'Azienda Esempio', lang: 'it' };
export const password = 'correct horse battery';

export const changedIban = {
  code: 'payment.changed',
  level: 'stop',
  facts: {
    old: 'IT60X0542811101000000123456',
    new: 'LT129990000204179981',
    domain: 'rossimarmi.example',
    since: '2024-03-01',
    count: '9',
  },
  title: { it: 'L’IBAN è cambiato: non pagare ancora', en: 'The IBAN has changed: do not pay yet' },
  text: {
    it: 'Finora rossimarmi.example ha usato IT60X0542811101000000123456 (dal 2024-03-01, 9 messaggi). Questo messaggio indica LT129990000204179981. Telefonate al numero che avete già: non usate i recapiti scritti qui.',
    en: 'Until now rossimarmi.example has used IT60X0542811101000000123456 (since 2024-03-01, 9 messages). This message gives LT129990000204179981. Call the number you already have: do not use the contacts written here.',
  },
};
const firstContact = {
  code: 'person.first',
  level: 'note',
  facts: { address: 'emma.clarke@northgate.example' },
  title: { it: 'Primo messaggio', en: 'First message' },
  text: { it: 'Primo messaggio da questo indirizzo.', en: 'First message from this address.' },
};
const lookalike = {
  code: 'lookalike.domain',
  level: 'caution',
  facts: { near: 'rossimarmi.example', domain: 'rossi-marmi.example', count: '214' },
  title: { it: 'Attenzione: questo indirizzo imita un vostro fornitore', en: 'Caution: this address imitates one of your suppliers' },
  text: {
    it: 'Scrive da rossi-marmi.example; Rossi Marmi vi scrive da rossimarmi.example (214 messaggi dal 2021).',
    en: 'It writes from rossi-marmi.example; Rossi Marmi writes to you from rossimarmi.example (214 messages since 2021).',
  },
};

const linkElsewhere = {
  code: 'link.elsewhere',
  level: 'caution',
  facts: { old: 'www.banca-esempio.example', new: 'evil.example' },
  title: { it: 'Un link porta altrove', en: 'A link leads elsewhere' },
  text: {
    it: 'Il testo dice www.banca-esempio.example, ma il link porta a evil.example.',
    en: 'The text says www.banca-esempio.example, but the link leads to evil.example.',
  },
};

const newsletter = `<html><head><style>
  @import url("https://tracker.example/a.css");
  .card { border: 1px solid #cfcbc1; border-radius: 8px; padding: 20px; max-width: 560px; background: url("https://tracker.example/bg.png") }
  h2 { color: #25437f } .btn { background: #2d4e94; color: #fff; padding: 10px 18px; border-radius: 6px; text-decoration: none; display: inline-block }
</style></head><body style="background:#f3f2ee">
<div class="card"><img src="cid:logo@nordwind" alt="Nordwind" width="40" height="40">
<h2>Your shipment is on its way</h2>
<p>Dear Giulia, container <b>NGB-0447</b> left Ningbo and is expected in Livorno on <b>24 December</b>.</p>
<p style="color:#5f6675">Booking NW-2291 · 18 pallets · 11.4 t</p>
<p><a class="btn" href="https://nordwind.example/track/NW-2291">Track the shipment</a></p>
<p>Questions? Write to <a href="mailto:desk@nordwind.example">desk@nordwind.example</a> or open <a href="https://elsewhere.example/x">www.nordwind.example/help</a>.</p>
<img src="https://tracker.example/open.gif?id=1" width="1" height="1">
</div><blockquote type="cite">Dear Nordwind, please book 18 pallets.</blockquote></body></html>`;

const pdf = (name, size) => ({ partId: null, blobId: `B-${name}`, size, name, type: 'application/pdf' });

function email(id, box, hoursAgo, from, subject, text, more = {}) {
  return {
    id,
    blobId: `blob-${id}`,
    threadId: more.threadId ?? `T${id}`,
    mailboxIds: { [box]: true },
    keywords: more.seen ? { $seen: true } : {},
    size: text.length + 900,
    receivedAt: at(hoursAgo),
    sentAt: at(hoursAgo),
    from: [from],
    to: [giulia],
    cc: more.cc ?? null,
    replyTo: null,
    subject,
    preview: text.replace(/\s+/g, ' ').slice(0, 200),
    hasAttachment: (more.attachments ?? []).length > 0,
    textBody: [{ partId: '1', blobId: null, size: text.length, name: null, type: 'text/plain' }],
    htmlBody: more.html
      ? [{ partId: '2', blobId: null, size: more.html.length, name: null, type: 'text/html' }]
      : [{ partId: '1', blobId: null, size: text.length, name: null, type: 'text/plain' }],
    bodyValues: {
      1: { value: text, isTruncated: false, isEncodingProblem: false },
      ...(more.html ? { 2: { value: more.html, isTruncated: false, isEncodingProblem: false } } : {}),
    },
    attachments: more.attachments ?? [],
    guardVerdict: more.verdict ?? 'accept',
    guardFindings: more.findings ?? [],
    guardHeld: more.held ?? false,
    guardReported: null,
  };
}

/** A file of tests/data/mail as a part of a message; the stand-in gives its bytes for `B-<name>`. */
const file = (name, type, size, more = {}) => ({ partId: null, blobId: `B-${name}`, size, name, type, ...more });

const anna = { name: 'Anna Rossi', email: 'anna.rossi@rossimarmi.example' };
const emma = { name: 'Emma Clarke', email: 'emma.clarke@northgate.example' };

export const ids = { held: 'Eheld', note: 'Enote', caution: 'Ecaution', plain: 'Eplain', hostile: 'Ehostile', files: 'Efiles', html: 'Ehtml', link: 'Elink' };

export const emails = [
  email(ids.held, 'Mheld', 0.2, anna, 'Fattura 118/26: nuove coordinate', `Buongiorno Giulia,

in allegato la fattura 118/26 di € 18.420,00 a saldo del lotto 3 di Bianco Statuario. La nostra banca chiude il conto: da oggi incassiamo sul nuovo IBAN LT12 9990 0002 0417 9981. Riesci a fare il bonifico entro domani?

Grazie, buona giornata
Anna`, { verdict: 'hold', held: true, findings: [firstContact, changedIban], attachments: [pdf('Fattura_118-26.pdf', 84_200)] }),
  email('Ethread1', 'Minbox', 7, giulia, 'Quotation M12 stainless bolts', 'Buongiorno, vi chiediamo un’offerta per 12.000 bulloni M12.', { threadId: 'Tbolts', seen: true }),
  email(ids.note, 'Minbox', 0.6, emma, 'Re: Quotation M12 stainless bolts', `Dear Giulia,

thank you for your enquiry. James has moved to another team, so I will look after your account from now on. Please find attached our quotation Q-26-1184 for 12,000 M12 hex bolts in A4-80 stainless steel, with delivery to Livorno.

The price holds until 11 December.

Kind regards,
Emma Clarke

> Buongiorno,
> vi chiediamo un’offerta per 12.000 bulloni M12.`, {
    threadId: 'Tbolts',
    cc: [{ name: 'Sara Conti', email: 'sara@azienda.example' }],
    findings: [firstContact],
    attachments: [
      pdf('Q-26-1184_quotation.pdf', 212_000),
      { partId: null, blobId: 'Bx', size: 31_000, name: 'M12_price_breaks.xlsx', type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' },
    ],
  }),
  email(ids.caution, 'Minbox', 1.5, { name: null, email: 'amministrazione@rossi-marmi.example' }, 'Sollecito saldo ordine 2287', 'Come da accordi attendiamo il saldo dell’ordine 2287.\n\nCordiali saluti\nAmministrazione', { verdict: 'caution', findings: [lookalike, firstContact] }),
  email(ids.hostile, 'Minbox', 3, { name: 'Direzione\u202e gro.knab', email: 'x@evil.example' }, '<img src=x onerror=alert(1)> <b>Fattura</b>\u202efdp.exe', '<script>document.title="pwned"</script>\n<a href="https://evil.example">clicca</a>\n\nQuesto mittente è stato verificato ✔', { seen: true, attachments: [pdf('fattura\u202efdp.exe', 120)] }),
  email(ids.files, 'Minbox', 5, { name: 'Amministrazione Rossi Marmi', email: 'amministrazione@rossimarmi.example' }, 'Fattura 121/26 e documenti di trasporto', 'Buongiorno,\n\nin allegato la fattura elettronica 121/26, il documento di trasporto e due foto del carico.\n\nCordiali saluti', {
    seen: true,
    attachments: [
      file('IT01234567890_00121.xml', 'application/xml', 3200),
      file('ddt.pdf', 'application/pdf', 900),
      file('carico.png', 'image/png', 400),
      file('note.txt', 'text/plain', 120),
      file('inoltrata.eml', 'message/rfc822', 800),
      file('broken.pdf', 'application/pdf', 40),
      file('listino.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 31_000),
    ],
  }),
  email(ids.html, 'Minbox', 6, { name: 'Nordwind Logistics', email: 'news@nordwind.example' }, 'Your shipment NW-2291 is on its way', 'Your shipment is on its way.', {
    seen: true,
    html: newsletter,
    attachments: [{ ...file('logo.png', 'image/png', 400), cid: 'logo@nordwind', disposition: 'inline' }],
  }),
  email(ids.link, 'Minbox', 8, { name: 'Banca Esempio', email: 'avvisi@banca-esempio.example' }, 'Controllate il vostro conto', 'Controllate il vostro conto.', {
    seen: true,
    verdict: 'caution',
    findings: [linkElsewhere],
    html: '<p>Gentile cliente, entrate da <a href="https://evil.example/login">https://www.banca-esempio.example</a> per confermare.</p>',
  }),
  email(ids.plain, 'Minbox', 26, { name: 'Chen Trading', email: 'ops@chen-trading.example' }, 'Packing list NGB-0447', 'Vessel departed Ningbo on schedule. Packing list attached.', { seen: true, attachments: [pdf('NGB-0447.pdf', 51_000)] }),
  email('E7', 'Minbox', 30, { name: 'Dogana Livorno Servizi', email: 'servizi@dogana-livorno.example' }, 'Bolletta A3 registrata', 'La dichiarazione 26ITQVD10083 risulta svincolata.', { seen: true }),
  email('E8', 'Minbox', 52, { name: 'Yıldız Tekstil', email: 'info@yildiz.example' }, 'Numune onayı / campioni approvati', 'Campioni lotto 7 approvati, possiamo procedere.', { seen: true }),
  email('E9', 'Minbox', 75, { name: 'Marco Olmi', email: 'marco@azienda.example' }, 'Fiera Verona: stand confermato', 'Ci hanno dato il padiglione 11, ti giro la piantina.', { seen: true }),
  email('E10', 'Minbox', 80, { name: 'Hôtel Bellerive', email: 'desk@bellerive.example' }, 'Bestätigung Lieferung KW 49', 'Wir bestätigen die Lieferung der Waschtische für KW 49.', { seen: true }),
  email('E11', 'Msent', 90, giulia, 'Ordine 2291', 'Confermiamo l’ordine 2291.', { seen: true }),
];

/** Made on demand: a mailbox of this many messages shows that the list stays small. */
export const ARCHIVE = 100_000;

export function archived(index) {
  return email(`A${index}`, 'Marchive', 200 + index, { name: `Mittente ${index + 1}`, email: `m${index}@archivio.example` }, `Messaggio ${index + 1}`, `Testo ${index + 1}`, { seen: true });
}

const box = (id, role, sortOrder, more = {}) => ({
  id, name: id.slice(1), parentId: null, role, sortOrder, totalEmails: 0, unreadEmails: 0, totalThreads: 0,
  unreadThreads: 0, isSubscribed: true, sigilloRole: role, ...more,
});

export const mailboxes = [
  box('Minbox', 'inbox', 1), box('Mdrafts', 'drafts', 2), box('Msent', 'sent', 3), box('Mjunk', 'junk', 4),
  box('Mtrash', 'trash', 5), box('Marchive', 'archive', 6), box('Mheld', null, 7, { name: 'Held', sigilloRole: 'held' }),
  box('Mfiere', null, 8, { name: 'Fiere 2026', sigilloRole: null }), box('Mostile', null, 9, { name: 'Prove', sigilloRole: null }),
];

/** What the history knows, as Context/get answers. */
export function contextOf(id, item) {
  const address = item.from[0].email;
  const domain = address.split('@')[1];
  const known = domain === 'rossimarmi.example';
  return {
    emailId: id, address, name: item.from[0].name, domain,
    company: known ? 'Rossi Marmi S.r.l.' : domain === 'northgate.example' ? 'Northgate Fasteners Ltd' : null,
    firstSeen: known ? '2021-03-02T09:00:00Z' : item.receivedAt, lastSeen: item.receivedAt,
    received: known ? 214 : 1, sent: known ? 96 : 0, domainReceived: known ? 231 : domain === 'northgate.example' ? 38 : 1,
    bankDetails: known
      ? [{ iban: 'IT60X0542811101000000123456', state: 'verified', firstSeen: '2024-03-12T09:00:00Z', lastSeen: '2026-10-02T09:00:00Z', count: 9, source: 'person' }]
      : domain === 'northgate.example'
        ? [{ iban: 'GB82WEST12345698765432', state: 'seen', firstSeen: '2026-06-08T09:00:00Z', lastSeen: '2026-06-08T09:00:00Z', count: 1, source: 'mail' }]
        : [],
    messages: known ? [ids.files] : [],
  };
}

export const people = [
  { id: 'P1', address: giulia.email, name: giulia.name, state: 'active', role: 'admin', usedBytes: 812_000_000, quotaBytes: 5_000_000_000, createdAt: '2026-01-10T08:00:00Z', lastLoginAt: new Date(now).toISOString() },
  { id: 'P2', address: 'marco@azienda.example', name: 'Marco Olmi', state: 'active', role: 'member', usedBytes: 144_000_000, quotaBytes: 0, createdAt: '2026-01-10T08:00:00Z', lastLoginAt: '2026-11-20T08:00:00Z', tokens: 2 },
  { id: 'P3', address: 'vecchio@azienda.example', name: 'Luca Neri', state: 'disabled', role: 'member', usedBytes: 12_000_000, quotaBytes: 0, createdAt: '2025-01-10T08:00:00Z', lastLoginAt: null },
];

const proven = { state: 'proven', recordName: null, recordValue: null, checkedAt: '2026-01-10T08:04:00Z', reason: null, reasonText: null };
export const domains = [{ id: 'D1', domain: 'azienda.example', createdAt: '2026-01-10T08:00:00Z', ...proven }];

/** A domain that somebody just wrote down. */
export const pendingDomain = (domain) => ({
  id: `D${domain}`, domain, createdAt: new Date().toISOString(), state: 'pending', recordName: `_sigillo.${domain}`,
  recordValue: 'sigillo-verify=k7q2m9x4v1c8b3n6t5r0w2y7p4', checkedAt: null, reason: null, reasonText: null,
});

/** What the server says of each thing that the DNS can answer. */
export const seen = {
  proven,
  notFound: {
    reason: 'notFound',
    reasonText: { it: 'Non c’è ancora nessun record TXT con questo nome. Se lo avete appena pubblicato, riprovate tra cinque minuti.', en: 'There is no TXT record with this name yet. If you just published it, try again in five minutes.' },
  },
  wrong: {
    reason: 'wrong',
    reasonText: { it: 'A questo nome c’è «v=spf1 -all», che è un’altra cosa: aggiungete il valore scritto sopra.', en: 'This name holds “v=spf1 -all”, which is something else: add the value written above.' },
  },
  dns: {
    reason: 'dns',
    reasonText: { it: 'I server DNS non hanno risposto. Non vuol dire che il record manchi: riprovate tra poco.', en: 'The name servers did not answer. That does not mean that the record is missing: try again soon.' },
  },
  taken: {
    reason: 'taken',
    reasonText: { it: 'Un’altra azienda di questo servizio ha dimostrato per prima questo dominio.', en: 'Another firm of this service proved this domain first.' },
  },
};

export const deliveries = [
  { id: 'R1', at: at(0.05), client: '203.0.113.7', helo: 'mail.rossimarmi.example', reversePath: 'anna.rossi@rossimarmi.example', recipients: ['giulia@azienda.example'], size: 91_000, outcome: 'accepted', verdict: 'hold', reply: '250 2.0.0 kept as 4F2A' },
  { id: 'R2', at: at(0.2), client: '198.51.100.9', helo: 'spam.example', reversePath: 'x@spam.example', recipients: ['nobody@azienda.example'], size: 0, outcome: 'refused', verdict: null, reply: '550 5.1.1 no such person here' },
  { id: 'R3', at: at(0.6), client: '192.0.2.44', helo: 'mx.northgate.example', reversePath: 'emma.clarke@northgate.example', recipients: ['giulia@azienda.example'], size: 248_000, outcome: 'accepted', verdict: 'accept', reply: '250 2.0.0 kept as 4F29' },
];

export const health = {
  roles: ['net', 'scan', 'dns', 'keys', 'jobs'].map((role, index) => ({ role, pid: 100 + index, restarts: 0, layers: 'no_new_privs=on\nlandlock=on (ABI 7)\nseccomp=on\n' })),
  cells: [{ id: 1, good: true, state: 'good', why: '' }],
};
