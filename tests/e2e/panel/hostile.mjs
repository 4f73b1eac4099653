// Mail that wants to act, fetch or draw where it may not: the files of tests/data/hostile and two made here for their size.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../data/hostile/', import.meta.url));

export const HOSTILE_BOX = 'Mostile';

function message(name, html, index) {
  return {
    id: `H${name.replace(/[^a-z0-9]/gi, '')}`,
    threadId: `TH${index}`,
    blobId: null,
    mailboxIds: { [HOSTILE_BOX]: true },
    keywords: { $seen: true },
    size: html.length,
    receivedAt: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString(),
    from: [{ name: 'Sconosciuto', email: 'x@evil.example' }],
    to: [{ name: 'Giulia Ferri', email: 'giulia@azienda.example' }],
    cc: null,
    replyTo: null,
    subject: name,
    preview: name,
    hasAttachment: false,
    textBody: [{ partId: '1', blobId: null, size: html.length, name: null, type: 'text/html' }],
    htmlBody: [{ partId: '1', blobId: null, size: html.length, name: null, type: 'text/html' }],
    bodyValues: { 1: { value: html, isTruncated: false, isEncodingProblem: false } },
    attachments: [],
    guardVerdict: 'accept',
    guardFindings: [],
    guardHeld: false,
  };
}

let made;

export function hostile() {
  made ??= [
    ...readdirSync(FOLDER).sort().map((file) => [file.replace('.html', ''), readFileSync(FOLDER + file, 'utf8')]),
    ['90-five-megabytes', `<table>${'<tr><td style="color:green">riga con del testo e <b>grassetto</b></td></tr>\n'.repeat(65_000)}</table>`],
    ['91-deep', `${'<div><b>'.repeat(50_000)}in fondo`],
    ['92-many-styles', `<style>${Array.from({ length: 6000 }, (_, i) => `.c${i}{background:url(https://tracker.example/${i})}`).join('')}</style><p>dopo</p>`],
  ].map(([name, html], index) => message(name, html, index));
  return made;
}
