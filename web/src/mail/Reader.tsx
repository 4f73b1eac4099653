// One message: who, what the guard says, the text. Warnings stand outside the text; HTML is drawn in a frame of its own.
import { Skeleton, VisuallyHidden } from '@mantine/core';
import { IconChevronLeft, IconEye, IconUserQuestion } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useText } from '../i18n';
import { emailQuery, mailboxesQuery, placeOf, type Conversation } from '../jmap/mail';
import type { EmailHead, Mailbox } from '../jmap/types';
import { useLetters } from '../keys/keys';
import { longTime } from '../lib/format';
import { addressName, cleanLine } from '../lib/text';
import { State } from '../shell/State';
import { useTitle } from '../shell/useTitle';
import { useActions } from './actions';
import { Attachments } from './Attachments';
import { DecisionLine } from './DecisionLine';
import { isHeld, isReleased, isUnread, judge, reasonOf, touches } from './judge';
import { MessageBody } from './MessageBody';
import { ReaderHead } from './ReaderHead';
import styles from './Reader.module.css';
import { More, Tools } from './ReaderTools';
import { Warning } from './Warning';

interface ReaderProps {
  emailId: string | undefined;
  box: Mailbox | undefined;
  backTo: string;
  /** Where the focus goes once the message is there: to it, to its card at level 3 only, or nowhere. */
  focus: 'always' | 'stop' | 'never';
  onOpen: (id: string, byKey: boolean) => void;
  onBack: () => void;
  /** The message left this list by an act on its card. */
  onGone: (id: string) => void;
  context: { open: boolean; toggle: () => void };
}

export function Reader({ emailId, box, backTo, focus, onOpen, onBack, onGone, context }: ReaderProps) {
  const { t } = useText();
  const query = useQuery({ ...emailQuery(emailId ?? ''), enabled: emailId !== undefined });

  if (emailId === undefined) {
    return (
      <div className={styles.pane}>
        <Nothing />
      </div>
    );
  }
  return (
    <div className={styles.pane}>
      <div className={styles.tools}>
        <button type="button" className={styles.back} onClick={onBack} aria-label={t('read.back', { box: backTo })}>
          <IconChevronLeft size={22} stroke={1.75} aria-hidden="true" />
          <span aria-hidden="true">{backTo}</span>
        </button>
        {query.data && <Tools email={query.data.email} box={box} />}
        <span className={styles.grow} />
        {query.data && (
          <button type="button" className={styles.contextButton} aria-expanded={context.open} onClick={context.toggle}>
            <IconUserQuestion size={18} stroke={1.75} aria-hidden="true" />
            <span>{t('context.word')}</span>
          </button>
        )}
        {query.data && <More email={query.data.email} box={box} />}
      </div>
      <div className={styles.scroll}>
        {query.data ? (
          <Message key={emailId} conversation={query.data} focus={focus} onOpen={onOpen} onGone={onGone} />
        ) : query.data === null ? (
          <Absent title={t('read.missing.title')} text={t('read.missing.text')} />
        ) : query.isError ? (
          <Absent title={t('read.error.title')} text={t('read.error.text')} retry={() => void query.refetch()} />
        ) : (
          <Waiting />
        )}
      </div>
    </div>
  );
}

/** No message is open. The first time it asks whether letters may be shortcuts. */
function Nothing() {
  const { t } = useText();
  const [, chosen, set] = useLetters();
  return (
    <State title={t('read.none.title')} text={t('read.none.text')}>
      {!chosen && (
        <div className={styles.ask}>
          <p>{t('key.ask')}</p>
          <div className={styles.askButtons}>
            <button type="button" className={styles.tool} onClick={() => set(true)}>
              {t('key.ask.yes')}
            </button>
            <button type="button" className={styles.tool} onClick={() => set(false)}>
              {t('key.ask.no')}
            </button>
          </div>
        </div>
      )}
    </State>
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
  onGone: ReaderProps['onGone'];
}

function Message({ conversation: { email, thread }, focus, onOpen, onGone }: MessageProps) {
  const { t, lang } = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  const card = useRef<HTMLElement>(null);
  const { readOnly, setKeyword } = useActions();
  const found = judge(email);
  // What the firm wrote itself is never judged; the absence of a verdict means something only for what came in.
  const own = useQuery(mailboxesQuery).data?.some((box) => email.mailboxIds[box.id] && ['sent', 'drafts'].includes(placeOf(box) ?? ''));
  const judgement = found?.unchecked && own ? null : found;
  const stop = judgement?.level === 'stop';
  const held = isHeld(email);
  const subject = cleanLine(email.subject) || t('list.nosubject');
  const [linksOpened, setLinksOpened] = useState(false);
  useTitle(`${subject} · ${t('app.name')}`);

  useEffect(() => {
    if (focus !== 'never' && stop) {
      card.current?.focus({ preventScroll: true });
    } else if (focus === 'always') {
      heading.current?.focus({ preventScroll: true });
    }
  }, [focus, stop]);

  // Seen once it was drawn; only the opening of the message counts, not a later "mark as unread".
  const unseen = useRef(isUnread(email) && !readOnly);
  useEffect(() => {
    if (unseen.current) {
      unseen.current = false;
      void setKeyword([email.id], '$seen', true, true);
    }
  }, [email.id, setKeyword]);

  const at = thread.findIndex((item) => item.id === email.id);
  const part = judgement?.main ? touches(judgement) : 'sender';
  const warning = judgement && (
    <Warning
      ref={card}
      judgement={judgement}
      email={email}
      linksOpened={linksOpened}
      onOpenLinks={() => setLinksOpened(true)}
      onGone={onGone}
    />
  );
  return (
    <article className={styles.article} data-level={judgement?.level}>
      <div className={styles.subjectLine}>
        <h1 ref={heading} tabIndex={-1} className={styles.subject} data-pane-focus>
          <bdi>{subject}</bdi>
        </h1>
        {thread.length > 1 && <span className={styles.meta}>{t('read.thread', { count: thread.length })}</span>}
      </div>
      <Folded items={thread.slice(0, Math.max(0, at))} label={t('read.thread.before')} onOpen={onOpen} />
      <ReaderHead email={email} />
      <DecisionLine report={email.guardReported} released={isReleased(email) ? reasonOf(email, lang) : null} />
      {part !== 'file' && warning}
      {held && (
        <p className={styles.textOnly}>
          <IconEye size={15} stroke={1.75} aria-hidden="true" />
          {t('read.textonly')}
        </p>
      )}
      <MessageBody email={email} judgement={judgement} links={judgement?.level !== 'caution' || linksOpened} />
      {part === 'file' && warning}
      <Attachments parts={email.attachments} blocked={held || stop} email={email} />
      <Folded items={at < 0 ? [] : thread.slice(at + 1)} label={t('read.thread.after')} onOpen={onOpen} />
    </article>
  );
}

/** Other messages of the conversation, folded to one line each. */
function Folded({ items, label, onOpen }: { items: EmailHead[]; label: string; onOpen: ReaderProps['onOpen'] }) {
  const { t, locale } = useText();
  if (items.length === 0) {
    return null;
  }
  return (
    <ul className={styles.thread} aria-label={label}>
      {items.map((item) => (
        <li key={item.id}>
          <button type="button" className={styles.folded} onClick={(event) => onOpen(item.id, event.detail === 0)}>
            <bdi className={styles.foldedWho}>{addressName(item.from?.[0]) || t('list.nosender')}</bdi>
            <bdi className={styles.foldedText}>{cleanLine(item.preview)}</bdi>
            <span className={styles.meta}>{longTime(item.receivedAt, locale)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
