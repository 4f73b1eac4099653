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
  facts: { old: 'rossimarmi.example', new: 'rossi-marmi.example', count: '214' },
  title: { it: 'Attenzione: questo indirizzo imita un vostro fornitore', en: 'Caution: this address imitates one of your suppliers' },
  text: {
    it: 'Scrive da rossi-marmi.example; Rossi Marmi vi scrive da rossimarmi.example (214 messaggi dal 2021).',
    en: 'It writes from rossi-marmi.example; Rossi Marmi writes to you from rossimarmi.example (214 messages since 2021).',
  },
};

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
    bodyValues: { 1: { value: text, isTruncated: false, isEncodingProblem: false } },
    attachments: more.attachments ?? [],
    guardVerdict: more.verdict ?? 'accept',
    guardFindings: more.findings ?? [],
    guardHeld: more.held ?? false,
  };
}

const anna = { name: 'Anna Rossi', email: 'anna.rossi@rossimarmi.example' };
const emma = { name: 'Emma Clarke', email: 'emma.clarke@northgate.example' };

export const ids = { held: 'Eheld', note: 'Enote', caution: 'Ecaution', plain: 'Eplain', hostile: 'Ehostile' };

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
  box('Mfiere', null, 8, { name: 'Fiere 2026', sigilloRole: null }),
];
