import { Skeleton, VisuallyHidden } from '@mantine/core';
import { memo } from 'react';
import { useText } from '../i18n';
import type { EmailHead } from '../jmap/types';
import { shortTime } from '../lib/format';
import { addressName, addressParts, cleanLine } from '../lib/text';
import { Chip } from './Chip';
import { isHeld, isUnread } from './judge';
import styles from './MessageRow.module.css';

interface RowProps {
  email: EmailHead | undefined;
  outgoing: boolean;
  index: number;
  top: number;
  selected: boolean;
  active: boolean;
  onOpen: () => void;
}

export const MessageRow = memo(Row, (a, b) =>
  // onOpen is a new function at each drawing of the list but does the same while these are the same.
  (['email', 'outgoing', 'index', 'top', 'selected', 'active'] as const).every((key) => a[key] === b[key]),
);

function Row({ email, outgoing, index, top, selected, active, onOpen }: RowProps) {
  const { t } = useText();
  const unread = email !== undefined && isUnread(email);
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      aria-selected={selected}
      tabIndex={active ? 0 : -1}
      className={styles.row}
      data-unread={unread || undefined}
      data-email={email?.id}
      data-pane-focus={active || undefined}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onOpen}
    >
      <div role="gridcell" className={styles.cell}>
        {email ? (
          <Filled email={email} outgoing={outgoing} unread={unread} />
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
}

function Filled({ email, outgoing, unread }: { email: EmailHead; outgoing: boolean; unread: boolean }) {
  const { t, locale } = useText();
  const who = addressName((outgoing ? email.to : email.from)?.[0]);
  const held = isHeld(email);
  return (
    <>
      {unread && (
        <>
          <span className={styles.dot} aria-hidden="true" />
          <VisuallyHidden>{t('list.unread')}, </VisuallyHidden>
        </>
      )}
      <div className={styles.line}>
        <Sender who={who || t('list.nosender')} />
        <time className={styles.time} dateTime={email.receivedAt}>
          {shortTime(email.receivedAt, locale)}
        </time>
      </div>
      <div className={styles.subject}>
        <bdi>{cleanLine(email.subject) || t('list.nosubject')}</bdi>
      </div>
      <div className={styles.line}>
        <bdi className={styles.snippet}>{cleanLine(email.preview)}</bdi>
        {held ? (
          <Chip kind="stop">{t('warn.held')}</Chip>
        ) : (
          email.guardVerdict === 'caution' && <Chip kind="caution">{t('warn.caution')}</Chip>
        )}
        {email.hasAttachment && <Chip kind="outline">{t('list.attachment')}</Chip>}
      </div>
    </>
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
