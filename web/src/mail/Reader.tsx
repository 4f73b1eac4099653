// One message: who, what the guard says, the text. Warnings stand outside the text; HTML is drawn in a frame of its own.
import { Menu, Skeleton, VisuallyHidden } from '@mantine/core';
import {
  IconArchive, IconChevronLeft, IconDots, IconEye, IconFlag, IconFolderSymlink, IconTrash, IconUserQuestion, type Icon,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, useCallback, useEffect, useRef, useState } from 'react';
import { useText } from '../i18n';
import { BODY_MAX, client, emailQuery, mailboxesQuery, placeOf, type Conversation } from '../jmap/mail';
import type { BodyPart, Email, EmailHead, Mailbox } from '../jmap/types';
import { runCommand, useLetters, type Command } from '../keys/keys';
import { longTime } from '../lib/format';
import { addressName, cleanLine } from '../lib/text';
import { State } from '../shell/State';
import { useTitle } from '../shell/useTitle';
import { useActions } from './actions';
import { Attachments } from './Attachments';
import { DecisionLine } from './DecisionLine';
import { isHeld, isReleased, isUnread, judge, reasonOf, touches, type Judgement } from './judge';
import { MessageText } from './MessageText';
import { ReaderHead } from './ReaderHead';
import styles from './Reader.module.css';
import { useInlineImages } from './useInlineImages';
import { Warning } from './Warning';

const HtmlFrame = lazy(() => import('./html/HtmlFrame'));

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

function Tool({ icon: Mark, word, run, roomy }: { icon: Icon; word: string; run: () => void; roomy?: boolean }) {
  return (
    <button type="button" className={`${styles.tool} ${styles.wide} ${roomy ? styles.roomy : ''}`} onClick={run}>
      <Mark size={18} stroke={1.75} aria-hidden="true" />
      {word}
    </button>
  );
}

function Tools({ email, box }: { email: Email; box: Mailbox | undefined }) {
  const { t } = useText();
  const { readOnly } = useActions();
  const place = box ? placeOf(box) : null;
  if (readOnly || isHeld(email)) {
    return null;
  }
  return (
    <>
      {place !== 'archive' && <Tool icon={IconArchive} word={t('key.archive')} run={() => runCommand('archive')} />}
      {place !== 'trash' && <Tool icon={IconTrash} word={t('key.trash')} run={() => runCommand('trash')} />}
      <Tool icon={IconFolderSymlink} word={t('key.move')} run={() => runCommand('move')} roomy />
      <Tool icon={IconFlag} word={t(email.keywords['$flagged'] ? 'read.unflag' : 'read.flag')} run={() => runCommand('flag')} roomy />
    </>
  );
}

function More({ email, box }: { email: Email; box: Mailbox | undefined }) {
  const { t } = useText();
  const actions = useActions();
  const held = isHeld(email);
  const place = box ? placeOf(box) : null;
  const [source, setSource] = useState<string | null>(null);
  useEffect(() => {
    if (email.blobId && !held) {
      void client.downloadUrl(email.blobId, 'message.eml', 'message/rfc822').then(setSource);
    }
  }, [email.blobId, held]);
  const [destroying, setDestroying] = useState(false);
  if (actions.readOnly && !source) {
    return null;
  }
  return (
    <Menu
      position="bottom-end"
      width={250}
      offset={4}
      returnFocus
      withinPortal={false}
      withInitialFocusPlaceholder={false}
      transitionProps={{ duration: 0 }}
      onClose={() => setDestroying(false)}
      closeOnItemClick
    >
      <Menu.Target>
        <button type="button" className={styles.tool}>
          <IconDots size={18} stroke={1.75} aria-hidden="true" />
          <span className={styles.wide}>{t('mail.more')}</span>
          <VisuallyHidden className={styles.phoneOnly ?? ''}>{t('mail.more')}</VisuallyHidden>
        </button>
      </Menu.Target>
      <Menu.Dropdown className={styles.menu ?? ''}>
        {!actions.readOnly && (
          <>
            {!held && (
              <>
                {place !== 'archive' && <PhoneItem word={t('key.archive')} command="archive" />}
                {place !== 'trash' && <PhoneItem word={t('key.trash')} command="trash" />}
                <PhoneItem word={t('key.move')} command="move" narrow />
                <PhoneItem word={t(email.keywords['$flagged'] ? 'read.unflag' : 'read.flag')} command="flag" narrow />
              </>
            )}
            <Menu.Item onClick={() => runCommand('unread')}>{t(isUnread(email) ? 'read.markread' : 'read.markunread')}</Menu.Item>
            {!held && <Menu.Item onClick={() => runCommand('junk')}>{t(place === 'junk' ? 'act.notjunk' : 'key.junk')}</Menu.Item>}
            <Menu.Item onClick={() => runCommand('report')}>{t('key.report')}</Menu.Item>
            {held && <Menu.Item onClick={() => runCommand('trash')}>{t('held.discard')}</Menu.Item>}
            {place === 'trash' &&
              (destroying ? (
                <Menu.Item onClick={() => void actions.destroy([email.id])}>{t('act.destroy.sure')}</Menu.Item>
              ) : (
                <Menu.Item closeMenuOnClick={false} onClick={() => setDestroying(true)}>
                  {t('act.destroy')}
                </Menu.Item>
              ))}
          </>
        )}
        {source && (
          <Menu.Item component="a" href={source} download>
            {t('read.source')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** In the menu only where its button has no room. */
function PhoneItem({ word, command, narrow }: { word: string; command: Command; narrow?: boolean }) {
  return (
    <Menu.Item className={(narrow ? styles.narrowOnly : styles.phoneOnly) ?? ''} onClick={() => runCommand(command)}>
      {word}
    </Menu.Item>
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
      <Body email={email} judgement={judgement} links={judgement?.level !== 'caution' || linksOpened} />
      {part === 'file' && warning}
      <Attachments parts={email.attachments} blocked={held || stop} email={email} />
      <Folded items={at < 0 ? [] : thread.slice(at + 1)} label={t('read.thread.after')} onOpen={onOpen} />
    </article>
  );
}

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

function Body({ email, judgement, links }: { email: Email; judgement: Judgement | null; links: boolean }) {
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
      <Suspense fallback={<Skeleton height={120} mt={20} radius={4} />}>
        <HtmlFrame
          source={html}
          images={images}
          links={links}
          inline={inline}
          title={t('read.frame', { subject: cleanLine(email.subject) || t('list.nosubject') })}
          onRemote={onRemote}
        />
      </Suspense>
      {cut && <p className={styles.meta}>{t('read.truncated')}</p>}
    </>
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
