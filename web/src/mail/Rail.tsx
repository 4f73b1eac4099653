import { Skeleton } from '@mantine/core';
import { IconInbox } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useText } from '../i18n';
import { boxSlug, placeOf } from '../jmap/mail';
import type { Mailbox } from '../jmap/types';
import { count } from '../lib/format';
import { useBoxName } from './boxName';
import styles from './Rail.module.css';

interface RailProps {
  boxes: Mailbox[] | undefined;
  current: string | undefined;
  onChoose?: () => void;
}

/** What is still to be looked at: all of what is held or drafted, elsewhere what is unread. */
function pending(box: Mailbox): number {
  const place = placeOf(box);
  return place === 'held' || place === 'drafts' ? box.totalEmails : place === 'sent' ? 0 : box.unreadEmails;
}

export function Rail({ boxes, current, onChoose }: RailProps) {
  const { t, locale } = useText();
  const name = useBoxName();
  return (
    <nav className={styles.nav} aria-label={t('mail.mailboxes')}>
      <p className={styles.place}>
        <IconInbox size={18} stroke={1.75} aria-hidden="true" />
        {t('place.mail')}
      </p>
      <ul className={styles.boxes}>
        {boxes === undefined &&
          Array.from({ length: 5 }, (_, index) => (
            <li key={index}>
              <Skeleton height={16} width={110} m={6} radius={4} />
            </li>
          ))}
        {boxes?.map((box) => {
          const waiting = pending(box);
          return (
            <li key={box.id}>
              <Link
                to="/mail/$box"
                params={{ box: boxSlug(box) }}
                className={styles.box}
                aria-current={box.id === current ? 'page' : undefined}
                data-pane-focus={box.id === current ? true : undefined}
                {...(onChoose ? { onClick: onChoose } : {})}
              >
                <span className={styles.name}>{name(box)}</span>
                {waiting > 0 && <span className={styles.count}>{count(waiting, locale)}</span>}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
