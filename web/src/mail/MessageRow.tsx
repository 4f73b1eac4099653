import { Skeleton, VisuallyHidden } from '@mantine/core';
import { IconFlag, IconPaperclip } from '@tabler/icons-react';
import { memo, type MouseEvent } from 'react';
import { useText } from '../i18n';
import type { Row } from '../jmap/mail';
import { shortTime } from '../lib/format';
import { addressName, addressParts, cleanLine } from '../lib/text';
import { snippetParts } from '../search/parse';
import { Chip } from './Chip';
import { isHeld, isUnread, judge } from './judge';
import styles from './MessageRow.module.css';

interface RowProps {
  email: Row | undefined;
  outgoing: boolean;
  compact: boolean;
  reasons: boolean;
  index: number;
  top: number;
  open: boolean;
  selected: boolean;
  active: boolean;
  onAct: RowHandler;
}

/** A click on the row at `index`; null is a click on its box. */
export type RowHandler = (index: number, event: MouseEvent | null) => void;

const SAME = ['email', 'outgoing', 'compact', 'reasons', 'index', 'top', 'open', 'selected', 'active'] as const;

export const MessageRow = memo(function MessageRow(props: RowProps) {
  const { t } = useText();
  const { email, index, top, open, selected, active, compact } = props;
  const unread = email !== undefined && isUnread(email);
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      aria-selected={selected}
      aria-current={open || undefined}
      tabIndex={active ? 0 : -1}
      className={styles.row}
      data-unread={unread || undefined}
      data-email={email?.id}
      data-compact={compact || undefined}
      data-pane-focus={active || undefined}
      style={{ transform: `translateY(${top}px)` }}
      onClick={(event) => props.onAct(index, event)}
    >
      <div role="gridcell" className={styles.cell}>
        {email ? (
          <Filled {...props} email={email} unread={unread} />
        ) : (
          <>
            <VisuallyHidden>{t('app.loading')}</VisuallyHidden>
            <Skeleton height={14} width="45%" radius={4} />
            <Skeleton height={12} width="80%" radius={4} mt={8} />
          </>
        )}
      </div>
    </div>
  );
}, sameRow);

function sameRow(a: RowProps, b: RowProps): boolean {
  return SAME.every((key) => a[key] === b[key]);
}

function Filled({ email, outgoing, unread, compact, reasons, selected, index, onAct }: RowProps & { email: Row; unread: boolean }) {
  const { t, lang, locale } = useText();
  const who = addressName((outgoing ? email.to : email.from)?.[0]) || t('list.nosender');
  const flagged = email.keywords['$flagged'] === true;
  const reason = reasons ? judge(email)?.main : null;
  return (
    <>
      {/* A gesture of the mouse: keys choose rows with X or Shift and arrows, which the row itself answers. */}
      <span
        className={styles.check}
        data-on={selected || undefined}
        aria-hidden="true"
        onClick={(event) => {
          event.stopPropagation();
          onAct(index, null);
        }}
      />
      {unread && (
        <>
          <span className={styles.dot} aria-hidden="true" />
          <VisuallyHidden>{t('list.unread')}, </VisuallyHidden>
        </>
      )}
      {selected && <VisuallyHidden>{t('list.selected')}, </VisuallyHidden>}
      <div className={styles.line}>
        <Sender who={who} />
        {email.threadCount > 1 && (
          <span className={styles.thread}>
            {email.threadCount}
            <VisuallyHidden> {t('read.thread.word')}</VisuallyHidden>
          </span>
        )}
        {flagged && (
          <>
            <IconFlag className={styles.flag} size={15} stroke={1.75} aria-hidden="true" />
            <VisuallyHidden>, {t('list.flagged')}</VisuallyHidden>
          </>
        )}
        <time className={styles.time} dateTime={email.receivedAt}>
          {shortTime(email.receivedAt, locale)}
        </time>
      </div>
      <div className={styles.line}>
        <div className={styles.subject}>
          <bdi>
            <Marked html={email.snippet?.subject} plain={cleanLine(email.subject) || t('list.nosubject')} />
          </bdi>
        </div>
        {compact && <Chips email={email} />}
      </div>
      {!compact && (
        <div className={styles.line}>
          <bdi className={styles.snippet} data-reason={reason ? true : undefined}>
            {reason ? cleanLine(reason.title[lang]) : <Marked html={email.snippet?.preview} plain={cleanLine(email.preview)} />}
          </bdi>
          {/* Where every row is held, the reason says more than the word. */}
          {!reason && <Chips email={email} />}
        </div>
      )}
    </>
  );
}

function Chips({ email }: { email: Row }) {
  const { t } = useText();
  return (
    <>
      {isHeld(email) ? (
        <Chip kind="stop">{t('warn.held')}</Chip>
      ) : (
        email.guardVerdict === 'caution' && <Chip kind="caution">{t('warn.caution')}</Chip>
      )}
      {email.hasAttachment && (
        <Chip kind="outline">
          <IconPaperclip size={13} stroke={1.75} aria-hidden="true" />
          {t('list.attachment')}
        </Chip>
      )}
    </>
  );
}

/** The text with the words of a search marked, when the server told where they are. */
function Marked({ html, plain }: { html: string | null | undefined; plain: string }) {
  if (!html) {
    return plain;
  }
  return snippetParts(html).map((part, index) =>
    part.marked ? (
      <mark key={index} className={styles.mark}>
        {cleanLine(part.text)}
      </mark>
    ) : (
      <span key={index}>{part.text.replace(/[\u0000-\u001f\u202a-\u202e\u2066-\u2069]/g, ' ')}</span>
    ),
  );
}

/** A sender without a name shows the address; if room is short the local part is cut, never the domain. */
function Sender({ who }: { who: string }) {
  const { local, domain } = addressParts(who);
  return domain === '' ? (
    <bdi className={styles.sender}>{who}</bdi>
  ) : (
    <bdi className={`${styles.sender} ${styles.address}`}>
      <span>{local}</span>
      <span>@{domain}</span>
    </bdi>
  );
}
