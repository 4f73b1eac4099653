// The pages of an administrator; each is a chunk of its own that others never load.
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useRef, type ReactNode } from 'react';
import { useText } from '../i18n';
import { rightsQuery } from '../jmap/mail';
import { SETTINGS, type SettingsPage } from '../shell/Rail';
import { State } from '../shell/State';
import { useTitle } from '../shell/useTitle';
import { Domains } from './Domains';
import { Health } from './Health';
import { Log } from './Log';
import { People } from './People';
import styles from './Settings.module.css';

const PAGES: Record<SettingsPage, () => ReactNode> = { people: People, domains: Domains, log: Log, health: Health };

export default function Settings() {
  const { t } = useText();
  const { page } = useParams({ strict: false });
  const rights = useQuery(rightsQuery).data;
  const known = SETTINGS.find((item) => item === page) ?? 'people';
  useTitle(`${t(`settings.${known}`)} · ${t('app.name')}`);
  // On phones the row of pages is wider than the window: the one that is shown must not be cut.
  const here = useRef<HTMLAnchorElement>(null);
  const shown = rights?.admin === true;
  useEffect(() => {
    const show = () => here.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    show();
    // The words are wider once their font is there.
    void document.fonts.ready.then(show);
  }, [known, shown]);
  if (!rights) {
    return null;
  }
  const Page = PAGES[known];
  return (
    <div className={styles.page} data-pane="page">
      {rights.admin && (
        <nav className={styles.pages} aria-label={t('place.settings')}>
          {SETTINGS.map((item) => (
            <Link key={item} ref={item === known ? here : null} to="/settings/$page" params={{ page: item }} aria-current={item === known ? 'page' : undefined}>
              {t(`settings.${item}`)}
            </Link>
          ))}
        </nav>
      )}
      {rights.admin ? (
        <Page key={known} />
      ) : (
        <State heading="h1" title={t('settings.refused.title')} text={t('settings.refused.text')} />
      )}
    </div>
  );
}
