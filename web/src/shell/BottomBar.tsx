import { IconInbox, IconLock, IconSearch, IconSettings } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useText } from '../i18n';
import { placeOf, rightsQuery, type Place } from '../jmap/mail';
import type { Mailbox } from '../jmap/types';
import { count } from '../lib/format';
import styles from './BottomBar.module.css';

/** On phones: the places within reach of the thumb. */
export function BottomBar({ boxes, path }: { boxes: Mailbox[] | undefined; path: string }) {
  const { t, locale } = useText();
  const admin = useQuery(rightsQuery).data?.admin === true;
  const box = (place: Place) => boxes?.find((item) => placeOf(item) === place);
  const entry = (here: boolean) => ({ className: styles.place ?? '', 'aria-current': here ? ('page' as const) : undefined });
  const badge = (number: number) => number > 0 && <span className={styles.badge}>{count(number, locale)}</span>;
  const held = path.startsWith('/mail/held');
  const search = path.startsWith('/mail/search');
  const settings = path.startsWith('/settings');
  return (
    <nav className={styles.bar} aria-label={t('app.places.phone')}>
      <Link to="/mail/$box" params={{ box: 'inbox' }} {...entry(!held && !search && !settings)}>
        <IconInbox size={22} stroke={1.75} aria-hidden="true" />
        {badge(box('inbox')?.unreadEmails ?? 0)}
        {t('place.mail')}
      </Link>
      <Link to="/mail/$box" params={{ box: 'held' }} {...entry(held)}>
        <IconLock size={22} stroke={1.75} aria-hidden="true" />
        {badge(box('held')?.totalEmails ?? 0)}
        {t('box.held')}
      </Link>
      <Link to="/mail/$box" params={{ box: 'search' }} {...entry(search)}>
        <IconSearch size={22} stroke={1.75} aria-hidden="true" />
        {t('search.word')}
      </Link>
      {admin && (
        <Link to="/settings/$page" params={{ page: 'people' }} {...entry(settings)}>
          <IconSettings size={22} stroke={1.75} aria-hidden="true" />
          {t('place.settings')}
        </Link>
      )}
    </nav>
  );
}
