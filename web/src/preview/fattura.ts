// Reads an Italian electronic invoice (FatturaPA 1.2) into what a book-keeper looks for. Element names are those of the format.

export interface Party {
  name: string;
  vat: string;
  place: string;
}

export interface InvoiceLine {
  text: string;
  quantity: string;
  price: string;
  total: string;
  rate: string;
}

export interface Payment {
  method: string;
  due: string;
  amount: string;
  iban: string;
  bank: string;
}

export interface InvoiceData {
  kind: string;
  number: string;
  date: string;
  currency: string;
  total: string;
  reason: string;
  seller: Party;
  buyer: Party;
  lines: InvoiceLine[];
  taxes: { rate: string; base: string; tax: string }[];
  payments: Payment[];
  bodies: number;
}

const LINES_MAX = 500;
const DIGITS = /[^\x09\x0a\x0d\x20-\x7e\x80-\xff]/g;

/** The XML inside a CAdES envelope (.p7m): it stands there as it is when the signer wrote it in one piece, else in chunks
 * whose headers are control bytes, which XML may not hold. */
export function xmlOf(bytes: Uint8Array): string | null {
  const latin = new TextDecoder('windows-1252').decode(bytes);
  const start = latin.search(/<\?xml|<(?:\w+:)?FatturaElettronica\b/);
  const end = [...latin.matchAll(/<\/(?:\w+:)?FatturaElettronica\s*>/g)].at(-1);
  if (start < 0 || !end) {
    return null;
  }
  const part = bytes.subarray(start, end.index + end[0].length);
  const label = /encoding=["']([\w-]+)/.exec(latin.slice(start, start + 100))?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label).decode(part).replace(start === 0 ? /$^/ : DIGITS, (char) => (char > '\u00ff' ? char : ''));
  } catch {
    return new TextDecoder().decode(part);
  }
}

function find(from: Element | Document, path: string): Element | null {
  let at: Element | Document | null = from;
  for (const name of path.split('/')) {
    at = (at && [...at.children].find((item) => item.localName === name)) ?? null;
  }
  return at as Element | null;
}

const text = (from: Element | null, path: string) => (from ? (find(from, path)?.textContent ?? '').trim() : '');
const all = (from: Element | null, name: string) => (from ? [...from.children].filter((item) => item.localName === name) : []);

function party(from: Element | null): Party {
  const who = from && find(from, 'DatiAnagrafici');
  const person = [text(who, 'Anagrafica/Nome'), text(who, 'Anagrafica/Cognome')].filter(Boolean).join(' ');
  const seat = from && find(from, 'Sede');
  const id = [text(who, 'IdFiscaleIVA/IdPaese'), text(who, 'IdFiscaleIVA/IdCodice')].filter(Boolean).join(' ');
  return {
    name: text(who, 'Anagrafica/Denominazione') || person,
    vat: id || text(who, 'CodiceFiscale'),
    place: [
      [text(seat, 'Indirizzo'), text(seat, 'NumeroCivico')].filter(Boolean).join(' '),
      [text(seat, 'CAP'), text(seat, 'Comune'), text(seat, 'Provincia')].filter(Boolean).join(' '),
      text(seat, 'Nazione'),
    ]
      .filter(Boolean)
      .join(', '),
  };
}

/** Null when the document is no such invoice. */
export function readInvoice(xml: Document): InvoiceData | null {
  const root = xml.documentElement;
  if (root.localName !== 'FatturaElettronica') {
    return null;
  }
  const bodies = all(root, 'FatturaElettronicaBody');
  const body = bodies[0] ?? null;
  const head = find(root, 'FatturaElettronicaHeader');
  const general = body && find(body, 'DatiGenerali/DatiGeneraliDocumento');
  const goods = body && find(body, 'DatiBeniServizi');
  return {
    kind: text(general, 'TipoDocumento'),
    number: text(general, 'Numero'),
    date: text(general, 'Data'),
    currency: text(general, 'Divisa'),
    total: text(general, 'ImportoTotaleDocumento'),
    reason: all(general, 'Causale').map((item) => item.textContent?.trim() ?? '').join(' '),
    seller: party(head && find(head, 'CedentePrestatore')),
    buyer: party(head && find(head, 'CessionarioCommittente')),
    lines: all(goods, 'DettaglioLinee')
      .slice(0, LINES_MAX)
      .map((line) => ({
        text: text(line, 'Descrizione'),
        quantity: [text(line, 'Quantita').replace(/\.?0+$/, ''), text(line, 'UnitaMisura')].filter(Boolean).join(' '),
        price: text(line, 'PrezzoUnitario'),
        total: text(line, 'PrezzoTotale'),
        rate: text(line, 'AliquotaIVA'),
      })),
    taxes: all(goods, 'DatiRiepilogo').map((sum) => ({
      rate: text(sum, 'AliquotaIVA'),
      base: text(sum, 'ImponibileImporto'),
      tax: text(sum, 'Imposta'),
    })),
    payments: (body ? all(body, 'DatiPagamento') : [])
      .flatMap((item) => all(item, 'DettaglioPagamento'))
      .map((item) => ({
        method: text(item, 'ModalitaPagamento'),
        due: text(item, 'DataScadenzaPagamento'),
        amount: text(item, 'ImportoPagamento'),
        iban: text(item, 'IBAN'),
        bank: text(item, 'IstitutoFinanziario'),
      })),
    bodies: bodies.length,
  };
}
