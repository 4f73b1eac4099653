import { IconDownload, IconLock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, useMemo, useState } from 'react';
import { useText } from '../i18n';
import { client } from '../jmap/mail';
import type { BodyPart, Email } from '../jmap/types';
import { fileSize } from '../lib/format';
import { cleanLine } from '../lib/text';
import styles from './Attachments.module.css';
import { ICONS, canPreview, kindOf } from './kinds';
import { isInline } from './useInlineImages';

const Preview = lazy(() => import('../preview/Preview'));

/** What came with the message: name, type in words, size; a click shows it, the arrow fetches it. */
export function Attachments({ parts, blocked, email }: { parts: BodyPart[]; blocked: boolean; email: Email }) {
  const { t } = useText();
  const [shown, setShown] = useState<BodyPart | null>(null);
  const html = useMemo(
    () => (email.htmlBody ?? []).map((part) => (part.partId ? (email.bodyValues[part.partId]?.value ?? '') : '')).join(''),
    [email],
  );
  // Pictures of the text have no tile, unless the text is not drawn.
  const files = blocked ? parts : parts.filter((part) => !isInline(part, html));
  if (files.length === 0) {
    return null;
  }
  return (
    <section className={styles.files} aria-label={t('read.attachments')}>
      <h2 className={styles.title}>
        {t('read.attachments')} <span>{files.length}</span>
      </h2>
      <ul className={styles.tiles}>
        {files.map((part, index) => (
          <Tile key={part.blobId ?? part.partId ?? index} part={part} blocked={blocked} onShow={() => setShown(part)} />
        ))}
      </ul>
      {shown && (
        <Suspense>
          <Preview part={shown} emailId={email.id} onClose={() => setShown(null)} />
        </Suspense>
      )}
    </section>
  );
}

function Tile({ part, blocked, onShow }: { part: BodyPart; blocked: boolean; onShow: () => void }) {
  const { t, locale } = useText();
  const kind = kindOf(part);
  const Mark = blocked ? IconLock : ICONS[kind];
  const word = t(`type.${kind}`);
  const name = cleanLine(part.name) || word;
  const url = useDownload(blocked ? null : part);
  const about = (
    <>
      <Mark size={20} stroke={1.75} aria-hidden="true" />
      <span>
        <bdi className={styles.name}>{name}</bdi>
        <span className={styles.meta}>
          {word}, {fileSize(part.size, locale)}
          {blocked && ` · ${t('read.blocked')}`}
        </span>
      </span>
    </>
  );
  return (
    <li className={styles.tile} data-blocked={blocked || undefined}>
      {blocked || !part.blobId || !canPreview(part) ? (
        <span className={styles.about}>{about}</span>
      ) : (
        <button type="button" className={styles.about} onClick={onShow}>
          {about}
        </button>
      )}
      {url && (
        <a className={styles.fetch} href={url} download={name} aria-label={t('read.download', { name })}>
          <IconDownload size={18} stroke={1.75} aria-hidden="true" />
        </a>
      )}
    </li>
  );
}

export function useDownload(part: BodyPart | null): string | undefined {
  return useQuery({
    queryKey: ['download', part?.blobId, part?.name],
    enabled: part?.blobId != null,
    staleTime: Infinity,
    queryFn: () => client.downloadUrl(part!.blobId!, cleanLine(part!.name) || 'file', part!.type),
  }).data;
}
