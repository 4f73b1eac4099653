// One message: who, what the guard says, the text. Mail is drawn as plain text only; every warning stands outside it.
import { Skeleton, VisuallyHidden } from '@mantine/core';
import { IconChevronLeft, IconEye } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useText } from '../i18n';
import { emailQuery, type Conversation } from '../jmap/mail';
import type { Email, EmailHead, Mailbox } from '../jmap/types';
import { longTime } from '../lib/format';
import { addressName, cleanLine } from '../lib/text';
import { State } from '../shell/State';
import { useTitle } from '../shell/useTitle';
import { Attachments } from './Attachments';
import { useBoxName } from './boxName';
import { familyOf, isHeld, judge, type Judgement } from './judge';
import { MessageText } from './MessageText';
import { ReaderHead } from './ReaderHead';
import styles from './Reader.module.css';
import { Warning } from './Warning';

interface ReaderProps {
  emailId: string | undefined;
  box: Mailbox | undefined;
  /** Where the focus goes once the message is there: to it, to its card at level 3 only, or nowhere. */
  focus: 'always' | 'stop' | 'never';
  onOpen: (id: string, byKey: boolean) => void;
  onBack: () => void;
}

export function Reader({ emailId, box, focus, onOpen, onBack }: ReaderProps) {
  const { t } = useText();
  const name = useBoxName();
  const query = useQuery({ ...emailQuery(emailId ?? ''), enabled: emailId !== undefined });

  if (emailId === undefined) {
    return (
      <div className={styles.pane}>
        <State title={t('read.none.title')} text={t('read.none.text')} />
      </div>
    );
  }
  return (
    <div className={styles.pane}>
      <div className={styles.back}>
        <button type="button" onClick={onBack} aria-label={t('read.back', { box: box ? name(box) : '' })}>
          <IconChevronLeft size={22} stroke={1.75} aria-hidden="true" />
          <span aria-hidden="true">{box ? name(box) : ''}</span>
        </button>
      </div>
      {query.data ? (
        <Message key={emailId} conversation={query.data} focus={focus} onOpen={onOpen} />
      ) : query.data === null ? (
        <Absent title={t('read.missing.title')} text={t('read.missing.text')} />
      ) : query.isError ? (
        <Absent title={t('read.error.title')} text={t('read.error.text')} retry={() => void query.refetch()} />
      ) : (
        <Waiting />
      )}
    </div>
  );
}

function Absent({ title, text, retry }: { title: string; text: string; retry?: () => void }) {
  const { t } = useText();
  useTitle(`${title} · ${t('app.name')}`);
  return <State heading="h1" title={title} text={text} {...(retry ? { action: { label: t('app.retry'), run: retry } } : {})} />;
}

function Waiting() {
  const { t } = useText();
  useTitle(`${t('app.loading')} · ${t('app.name')}`);
  return (
    <div className={styles.article}>
      <VisuallyHidden>
        <h1>{t('app.loading')}</h1>
      </VisuallyHidden>
      <Skeleton height={24} width="60%" radius={4} />
      <Skeleton height={40} width="45%" radius={4} mt={20} />
      <Skeleton height={14} radius={4} mt={32} />
      <Skeleton height={14} radius={4} mt={10} />
      <Skeleton height={14} width="70%" radius={4} mt={10} />
    </div>
  );
}

interface MessageProps {
  conversation: Conversation;
  focus: ReaderProps['focus'];
  onOpen: ReaderProps['onOpen'];
}

function Message({ conversation: { email, thread }, focus, onOpen }: MessageProps) {
  const { t } = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  const card = useRef<HTMLElement>(null);
  const judgement = judge(email);
  const stop = judgement?.level === 'stop';
  const held = isHeld(email);
  const subject = cleanLine(email.subject) || t('list.nosubject');
  useTitle(`${subject} · ${t('app.name')}`);

  useEffect(() => {
    if (focus !== 'never' && stop) {
      card.current?.focus({ preventScroll: true });
    } else if (focus === 'always') {
      heading.current?.focus({ preventScroll: true });
    }
  }, [focus, stop]);

  const atFiles = judgement?.main ? familyOf(judgement.main.code) === 'attach' && judgement.level === 'caution' : false;
  const warning = judgement && <Warning ref={card} judgement={judgement} />;
  return (
    <article className={styles.article} data-level={judgement?.level}>
      <div className={styles.subjectLine}>
        <h1 ref={heading} tabIndex={-1} className={styles.subject} data-pane-focus>
          <bdi>{subject}</bdi>
        </h1>
        {thread.length > 1 && <span className={styles.meta}>{t('read.thread', { count: thread.length })}</span>}
      </div>
      <Others thread={thread} current={email.id} onOpen={onOpen} />
      <ReaderHead email={email} />
      {!atFiles && warning}
      {held && (
        <p className={styles.textOnly}>
          <IconEye size={15} stroke={1.75} aria-hidden="true" />
          {t('read.textonly')}
        </p>
      )}
      <Body email={email} judgement={judgement} />
      {atFiles && warning}
      <Attachments parts={email.attachments} blocked={held} />
    </article>
  );
}

function Body({ email, judgement }: { email: Email; judgement: Judgement | null }) {
  const { t } = useText();
  const values = email.textBody.flatMap((part) => (part.partId ? (email.bodyValues[part.partId] ?? []) : []));
  const text = values.map((value) => value.value).join('\n\n');
  return (
    <>
      {text.trim() === '' ? (
        <p className={styles.meta}>{t('read.notext')}</p>
      ) : (
        <MessageText text={text} lockNumbers={judgement?.level === 'stop'} />
      )}
      {values.some((value) => value.isTruncated) && <p className={styles.meta}>{t('read.truncated')}</p>}
    </>
  );
}

/** The rest of the conversation, folded to one line each. */
function Others({ thread, current, onOpen }: { thread: EmailHead[]; current: string; onOpen: ReaderProps['onOpen'] }) {
  const { t, locale } = useText();
  if (thread.length < 2) {
    return null;
  }
  return (
    <ul className={styles.thread} aria-label={t('read.thread.label')}>
      {thread.map((item) => {
        const who = addressName(item.from?.[0]) || t('list.nosender');
        return (
          <li key={item.id}>
            {item.id === current ? (
              <span className={styles.folded} aria-current="true">
                <bdi className={styles.foldedWho}>{who}</bdi>
                <span className={styles.foldedText}>{t('read.thread.current')}</span>
                <span className={styles.meta}>{longTime(item.receivedAt, locale)}</span>
              </span>
            ) : (
              <button type="button" className={styles.folded} onClick={(event) => onOpen(item.id, event.detail === 0)}>
                <bdi className={styles.foldedWho}>{who}</bdi>
                <bdi className={styles.foldedText}>{cleanLine(item.preview)}</bdi>
                <span className={styles.meta}>{longTime(item.receivedAt, locale)}</span>
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
