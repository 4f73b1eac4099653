// The places that exist, each with icon, word and count; what stands inside the open one hangs below it on a line.
import { Skeleton } from '@mantine/core';
import { IconInbox, IconSettings, type Icon } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useText } from '../i18n';
import { boxSlug, placeOf, rightsQuery } from '../jmap/mail';
import type { Mailbox } from '../jmap/types';
import { count } from '../lib/format';
import { useBoxName } from '../mail/boxName';
import styles from './Rail.module.css';

export const SETTINGS = ['people', 'domains', 'log', 'health'] as const;
export type SettingsPage = (typeof SETTINGS)[number];

interface RailProps {
  boxes: Mailbox[] | undefined;
  current: string | undefined;
  path: string;
  onChoose?: () => void;
}

/** What is still to be looked at: all of what is held or drafted, elsewhere what is unread. */
function pending(box: Mailbox): number {
  const place = placeOf(box);
  return place === 'held' || place === 'drafts' ? box.totalEmails : place === 'sent' || place === 'trash' ? 0 : box.unreadEmails;
}

export function Rail({ boxes, current, path, onChoose }: RailProps) {
  const { t, locale } = useText();
  const admin = useQuery(rightsQuery).data?.admin === true;
  const name = useBoxName();
  const inMail = !path.startsWith('/settings');
  const inbox = boxes?.find((box) => placeOf(box) === 'inbox');
  const own = boxes?.filter((box) => placeOf(box) === null) ?? [];
  const places = boxes?.filter((box) => placeOf(box) !== null);
  const choose = onChoose ? { onClick: onChoose } : {};
  const item = (box: Mailbox) => {
    const waiting = pending(box);
    return (
      <li key={box.id}>
        <Link
          to="/mail/$box"
          params={{ box: boxSlug(box) }}
          className={styles.box}
          aria-current={inMail && box.id === current ? 'page' : undefined}
          data-pane-focus={inMail && box.id === current ? true : undefined}
          {...choose}
        >
          <span className={styles.name}>{name(box)}</span>
          {waiting > 0 && <span className={styles.count}>{count(waiting, locale)}</span>}
        </Link>
      </li>
    );
  };
  return (
    <nav className={styles.nav} aria-label={t('app.places')}>
      <Place open={inMail} icon={IconInbox} word={t('place.mail')} number={inbox?.unreadEmails ?? 0}>
        {({ className, content }) => (
          <Link to="/mail/$box" params={{ box: 'inbox' }} className={className} {...choose}>
            {content}
          </Link>
        )}
      </Place>
      {inMail && (
        <ul className={styles.boxes} aria-label={t('mail.mailboxes')}>
          {places === undefined
            ? Array.from({ length: 6 }, (_, index) => (
                <li key={index}>
                  <Skeleton height={16} width={110} m={6} radius={4} />
                </li>
              ))
            : places.map(item)}
          {own.length > 0 && (
            <li className={styles.section} aria-hidden="true">
              {t('mail.folders')}
            </li>
          )}
          {own.map(item)}
        </ul>
      )}
      {admin && (
        <Place open={!inMail} icon={IconSettings} word={t('place.settings')} number={0}>
          {({ className, content }) => (
            <Link to="/settings/$page" params={{ page: 'people' }} className={className} {...choose}>
              {content}
            </Link>
          )}
        </Place>
      )}
      {admin && !inMail && (
        <ul className={styles.boxes} aria-label={t('place.settings')}>
          {SETTINGS.map((page) => {
            const here = path.startsWith(`/settings/${page}`);
            return (
              <li key={page}>
                <Link
                  to="/settings/$page"
                  params={{ page }}
                  className={styles.box}
                  aria-current={here ? 'page' : undefined}
                  data-pane-focus={here || undefined}
                  {...choose}
                >
                  <span className={styles.name}>{t(`settings.${page}`)}</span>
                </Link>
              </li>
            );
          })}
        </ul>
      )}
    </nav>
  );
}

interface PlaceProps {
  open: boolean;
  icon: Icon;
  word: string;
  number: number;
  children: (link: { className: string; content: ReactNode }) => ReactNode;
}

function Place({ open, icon: Mark, word, number, children }: PlaceProps) {
  const { locale } = useText();
  return children({
    className: `${styles.place} ${open ? styles.open : ''}`,
    content: (
      <>
        <Mark size={18} stroke={1.75} aria-hidden="true" />
        <span className={styles.name}>{word}</span>
        {number > 0 && <span className={styles.count}>{count(number, locale)}</span>}
      </>
    ),
  });
}
