// What a file is, in the panel's own few kinds. Its name counts before the type that the message declares.
import {
  IconCalendarEvent, IconFile, IconFileInvoice, IconFileSpreadsheet, IconFileText, IconFileTypePdf, IconFileZip, IconMail, IconPhoto,
  type Icon,
} from '@tabler/icons-react';
import type { BodyPart } from '../jmap/types';
import { cleanLine } from '../lib/text';

export const KINDS = ['pdf', 'image', 'invoice', 'sheet', 'doc', 'archive', 'mail', 'calendar', 'text', 'program', 'other'] as const;
export type Kind = (typeof KINDS)[number];

const TYPES: [RegExp, Kind][] = [
  [/^application\/pdf$/, 'pdf'],
  [/^image\//, 'image'],
  [/excel|spreadsheet|csv/, 'sheet'],
  [/msword|wordprocessing|opendocument\.text|rtf/, 'doc'],
  [/zip|rar|7z|tar|compressed/, 'archive'],
  [/^message\//, 'mail'],
  [/calendar/, 'calendar'],
  [/^(text|application)\/xml$/, 'invoice'],
  [/^text\//, 'text'],
];

const NAMES: [RegExp, Kind][] = [
  // What a file is called decides what opens it, whatever type the message declares.
  [/\.(exe|com|scr|pif|bat|cmd|js|jse|vbs|vbe|wsf|hta|msi|ps1|jar|lnk|iso|img|apk|app|dmg|sh)$/i, 'program'],
  [/\.xml(\.p7m)?$/i, 'invoice'],
  [/\.pdf$/i, 'pdf'],
  [/\.eml$/i, 'mail'],
];

export const ICONS: Record<Kind, Icon> = {
  pdf: IconFileTypePdf, image: IconPhoto, invoice: IconFileInvoice, sheet: IconFileSpreadsheet, doc: IconFileText,
  archive: IconFileZip, mail: IconMail, calendar: IconCalendarEvent, text: IconFileText, program: IconFile, other: IconFile,
};

export function kindOf(part: BodyPart): Kind {
  const name = cleanLine(part.name);
  const byName = NAMES.find(([pattern]) => pattern.test(name))?.[1];
  return byName ?? TYPES.find(([pattern]) => pattern.test(part.type.toLowerCase()))?.[1] ?? 'other';
}

const SHOWN: ReadonlySet<Kind> = new Set(['pdf', 'image', 'invoice', 'mail', 'text', 'calendar']);

export function canPreview(part: BodyPart): boolean {
  return SHOWN.has(kindOf(part)) && !(kindOf(part) === 'image' && !/^image\/(png|jpe?g|gif|webp|bmp|avif)$/i.test(part.type));
}
