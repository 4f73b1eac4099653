import {
  IconCalendarEvent, IconFile, IconFileSpreadsheet, IconFileText, IconFileTypePdf, IconFileZip, IconLock, IconMail,
  IconPhoto, type Icon,
} from '@tabler/icons-react';
import { useText } from '../i18n';
import type { BodyPart } from '../jmap/types';
import { fileSize } from '../lib/format';
import { cleanLine } from '../lib/text';
import styles from './Attachments.module.css';

const KINDS: [RegExp, string, Icon][] = [
  [/^application\/pdf$/, 'pdf', IconFileTypePdf],
  [/^image\//, 'image', IconPhoto],
  [/excel|spreadsheet|csv/, 'sheet', IconFileSpreadsheet],
  [/msword|wordprocessing|opendocument\.text|rtf/, 'doc', IconFileText],
  [/zip|rar|7z|tar|compressed/, 'archive', IconFileZip],
  [/^message\//, 'mail', IconMail],
  [/calendar/, 'calendar', IconCalendarEvent],
  [/^text\//, 'text', IconFileText],
];

/** What a file is called decides what opens it, whatever type the message declares. */
const PROGRAM = /\.(exe|com|scr|pif|bat|cmd|js|jse|vbs|vbe|wsf|hta|msi|ps1|jar|lnk|iso|img|apk|app|dmg|sh)$/i;

function kindOf(part: BodyPart): [string, Icon] {
  if (PROGRAM.test(cleanLine(part.name))) {
    return ['program', IconFile];
  }
  const found = KINDS.find(([pattern]) => pattern.test(part.type.toLowerCase()));
  return found ? [found[1], found[2]] : ['other', IconFile];
}

/** What came with the message: name, type in words, size. */
export function Attachments({ parts, blocked }: { parts: BodyPart[]; blocked: boolean }) {
  const { t, locale } = useText();
  if (parts.length === 0) {
    return null;
  }
  return (
    <section className={styles.files} aria-label={t('read.attachments')}>
      <h2 className={styles.title}>
        {t('read.attachments')} <span>{parts.length}</span>
      </h2>
      <ul className={styles.tiles}>
        {parts.map((part, index) => {
          const [kind, Kind] = kindOf(part);
          const Mark = blocked ? IconLock : Kind;
          const word = t(`type.${kind}`);
          return (
            <li key={part.blobId ?? part.partId ?? index} className={styles.tile} data-blocked={blocked || undefined}>
              <Mark size={20} stroke={1.75} aria-hidden="true" />
              <div>
                <bdi className={styles.name}>{cleanLine(part.name) || word}</bdi>
                <div className={styles.meta}>
                  {word}, {fileSize(part.size, locale)}
                  {blocked && ` · ${t('read.blocked')}`}
                </div>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
