// Looks into an attachment without opening it: what is shown is drawn by us from its bytes, never run by the browser.
import { Drawer, Skeleton } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, useEffect, useState, type ReactNode } from 'react';
import { useText } from '../i18n';
import { client } from '../jmap/mail';
import type { BodyPart } from '../jmap/types';
import { fileSize } from '../lib/format';
import { cleanLine } from '../lib/text';
import { useDownload } from '../mail/Attachments';
import { kindOf } from '../mail/kinds';
import styles from './Preview.module.css';

const Pdf = lazy(() => import('./Pdf'));
const Invoice = lazy(() => import('./Invoice'));
const Letter = lazy(() => import('./Letter'));

const BYTES_MAX = 25_000_000;
const TEXT_MAX = 300_000;

interface PreviewProps {
  part: BodyPart;
  emailId: string;
  onClose: () => void;
}

export default function Preview({ part, emailId, onClose }: PreviewProps) {
  const { t, locale } = useText();
  const name = cleanLine(part.name) || t(`type.${kindOf(part)}`);
  const url = useDownload(part);
  const big = part.size > BYTES_MAX;
  const bytes = useQuery({
    queryKey: ['blob', part.blobId],
    enabled: !big,
    staleTime: Infinity,
    gcTime: 30_000,
    retry: false,
    queryFn: async ({ signal }) => {
      const response = await fetch(await client.downloadUrl(part.blobId!, name, part.type), { signal });
      if (!response.ok) {
        throw new Error(String(response.status));
      }
      return response.arrayBuffer();
    },
  });
  return (
    <Drawer.Root opened onClose={onClose} position="right" size={860} lockScroll={false} transitionProps={{ duration: 0 }}>
      <Drawer.Overlay />
      <Drawer.Content aria-label={t('preview.title', { name })}>
        <div className={styles.drawer}>
        <div className={styles.head}>
          <div className={styles.what}>
            <h2>
              <bdi>{name}</bdi>
            </h2>
            <span>
              {t(`type.${kindOf(part)}`)}, {fileSize(part.size, locale)}
            </span>
          </div>
          {url && (
            <a className={styles.fetch} href={url} download={name}>
              <IconDownload size={18} stroke={1.75} aria-hidden="true" />
              {t('preview.download')}
            </a>
          )}
          <Drawer.CloseButton size={44} aria-label={t('mail.close')} />
        </div>
        <div className={styles.body} tabIndex={0} role="group" aria-label={name}>
          {big ? (
            <p className={styles.none}>{t('preview.big')}</p>
          ) : bytes.isError ? (
            <p className={styles.none}>{t('preview.failed')}</p>
          ) : !bytes.data ? (
            <Skeleton height={400} radius={4} />
          ) : (
            <Suspense fallback={<Skeleton height={400} radius={4} />}>
              <Content part={part} bytes={bytes.data} emailId={emailId} />
            </Suspense>
          )}
        </div>
        </div>
      </Drawer.Content>
    </Drawer.Root>
  );
}

function Content({ part, bytes, emailId }: { part: BodyPart; bytes: ArrayBuffer; emailId: string }): ReactNode {
  switch (kindOf(part)) {
    case 'pdf':
      return <Pdf bytes={bytes} />;
    case 'image':
      return <Picture part={part} bytes={bytes} />;
    case 'invoice':
      return <Invoice bytes={bytes} emailId={emailId} />;
    case 'mail':
      return <Letter bytes={bytes} />;
    default:
      return <PlainText bytes={bytes} />;
  }
}

function Picture({ part, bytes }: { part: BodyPart; bytes: ArrayBuffer }) {
  const { t } = useText();
  const [url, setUrl] = useState<string>();
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    // Only kinds the preview lists come here; SVG, which may hold scripts, does not.
    const made = URL.createObjectURL(new Blob([bytes], { type: part.type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, part.type]);
  return broken ? (
    <p className={styles.none}>{t('preview.broken')}</p>
  ) : url ? (
    <img className={styles.picture} src={url} alt={cleanLine(part.name)} onError={() => setBroken(true)} />
  ) : null;
}

export function PlainText({ bytes }: { bytes: ArrayBuffer }) {
  const { t } = useText();
  const text = decodeText(bytes);
  return (
    <>
      <pre className={styles.text}>{text.slice(0, TEXT_MAX)}</pre>
      {text.length > TEXT_MAX && <p className={styles.none}>{t('read.truncated')}</p>}
    </>
  );
}

/** UTF-8 if it is that, else the Latin that old programs write. */
export function decodeText(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
