// What the message says: text, or HTML in its frame, or text alone where the guard says so.
import { Skeleton, useComputedColorScheme } from '@mantine/core';
import { Suspense, lazy, useCallback, useState } from 'react';
import { useText } from '../i18n';
import { BODY_MAX } from '../jmap/mail';
import type { BodyPart, Email } from '../jmap/types';
import { useChoice, writeChoice } from '../lib/store';
import { cleanLine } from '../lib/text';
import { isHeld, type Judgement } from './judge';
import { MessageText } from './MessageText';
import styles from './Reader.module.css';
import { useInlineImages } from './useInlineImages';

const HtmlFrame = lazy(() => import('./html/HtmlFrame'));

/** The HTML of the message, if it has some that may be drawn. */
function htmlOf(email: Email): { html: string; cut: boolean } | null {
  const parts = email.htmlBody ?? [];
  if (!parts.some((part) => part.type === 'text/html')) {
    return null;
  }
  const values = parts.flatMap((part: BodyPart) => {
    const value = part.partId ? email.bodyValues[part.partId] : undefined;
    return value ? [{ ...value, type: part.type }] : [];
  });
  if (values.length === 0) {
    return null;
  }
  const html = values
    .map((value) => (value.type === 'text/html' ? value.value : `<pre>${value.value.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</pre>`))
    .join('\n');
  return { html: html.slice(0, BODY_MAX), cut: html.length > BODY_MAX || values.some((value) => value.isTruncated) };
}

export function MessageBody({ email, judgement, links }: { email: Email; judgement: Judgement | null; links: boolean }) {
  const { t } = useText();
  // Held, or judged to be stopped: text only, whatever the server sends along.
  const html = isHeld(email) || judgement?.level === 'stop' ? null : htmlOf(email);
  if (html) {
    return <HtmlBody email={email} html={html.html} cut={html.cut} links={links} />;
  }
  const values = email.textBody.flatMap((part) => (part.partId ? (email.bodyValues[part.partId] ?? []) : []));
  const text = values.map((value) => value.value).join('\n\n');
  return (
    <>
      {text.trim() === '' ? (
        <p className={styles.meta}>{t('read.notext')}</p>
      ) : (
        <MessageText text={text} lockNumbers={judgement?.level === 'stop'} links={judgement?.level !== 'stop' && links} />
      )}
      {values.some((value) => value.isTruncated) && <p className={styles.meta}>{t('read.truncated')}</p>}
    </>
  );
}

function HtmlBody({ email, html, cut, links }: { email: Email; html: string; cut: boolean; links: boolean }) {
  const { t } = useText();
  const darkPage = useComputedColorScheme() === 'dark';
  const dark = useChoice('paper') === 'dark' && darkPage;
  const [images, setImages] = useState(false);
  const [remote, setRemote] = useState(0);
  const inline = useInlineImages(email, html);
  const onRemote = useCallback((count: number) => setRemote(count), []);
  return (
    <>
      {remote > 0 && !images && (
        <p className={styles.remote}>
          {t('read.remote')}{' '}
          <button type="button" className="textlink" onClick={() => setImages(true)}>
            {t('read.remote.show')}
          </button>
        </p>
      )}
      {darkPage && (
        <button type="button" className={`textlink ${styles.colours}`} onClick={() => writeChoice('paper', dark ? null : 'dark')}>
          {t(dark ? 'read.colours.original' : 'read.colours.dark')}
        </button>
      )}
      <Suspense fallback={<Skeleton height={120} mt={20} radius={4} />}>
        <HtmlFrame
          source={html}
          images={images}
          links={links}
          dark={dark}
          inline={inline}
          title={t('read.frame', { subject: cleanLine(email.subject) || t('list.nosubject') })}
          onRemote={onRemote}
        />
      </Suspense>
      {cut && <p className={styles.meta}>{t('read.truncated')}</p>}
    </>
  );
}
