import { Menu, VisuallyHidden, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { IconHelp, IconLogout, IconSearch } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { logout, type Me } from '../api';
import { LANGUAGES, setLang, useText, type Lang } from '../i18n';
import { client } from '../jmap/mail';
import { keepReturn } from '../early';
import { dropKept } from '../lib/kept';
import { useChoice, writeChoice } from '../lib/store';
import { initials } from '../lib/text';
import { forgetSearches } from '../search/recent';
import { SearchBox } from '../search/SearchBox';
import { Brand } from './Brand';
import { meKey } from './session';
import styles from './Header.module.css';
import { Service } from './Service';

const THEMES: MantineColorScheme[] = ['auto', 'light', 'dark'];
export const LANG_NAMES = { it: 'Italiano', en: 'English' } as const;
const DENSITIES = ['roomy', 'compact'] as const;

export function useLeave(): () => Promise<void> {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    await logout();
    client.reset();
    dropKept();
    forgetSearches();
    keepReturn(null);
    // First nobody is there, then the data goes: the other way round the open page would ask for it again.
    queryClient.setQueryData(meKey, null);
    queryClient.removeQueries({ queryKey: ['mail'] });
    queryClient.removeQueries({ queryKey: ['admin'] });
    void navigate({ to: '/', replace: true });
  };
}

export function Header({ me, onHelp }: { me: Me; onHelp: () => void }) {
  const { t, lang } = useText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const density = useChoice('density') ?? 'roomy';
  const leave = useLeave();
  const [searching, setSearching] = useState(false);

  return (
    <header className={styles.header} data-searching={searching || undefined}>
      <span className={styles.brand}>
        <Brand />
      </span>
      <SearchBox open={searching} onOpen={setSearching} />
      <span className={styles.grow} />
      <button type="button" className={styles.searchButton} aria-label={t('search.word')} onClick={() => setSearching(true)}>
        <IconSearch size={22} stroke={1.75} aria-hidden="true" />
      </button>
      <span className={styles.service}>
        <Service />
      </span>
      <button type="button" className={styles.help} onClick={onHelp}>
        <IconHelp size={18} stroke={1.75} aria-hidden="true" />
        <span>{t('app.help')}</span>
      </button>
      <Menu
        position="bottom-end"
        width={260}
        offset={6}
        returnFocus
        withinPortal={false}
        withInitialFocusPlaceholder={false}
        transitionProps={{ duration: 0 }}
      >
        <Menu.Target>
          <button type="button" className={styles.account}>
            <VisuallyHidden>{t('app.account', { name: me.name || me.address })}</VisuallyHidden>
            <span className={styles.lang} aria-hidden="true">
              {lang.toUpperCase()}
            </span>
            <span className={styles.avatar} aria-hidden="true">
              {initials(me.name || me.address)}
            </span>
          </button>
        </Menu.Target>
        <Menu.Dropdown className={styles.menu ?? ''}>
          <div className={styles.who} role="presentation">
            <strong>{me.name}</strong>
            <span className="mono">{me.address}</span>
            <span>{me.firm}</span>
          </div>
          <Menu.Divider />
          <Menu.Label>{t('app.language')}</Menu.Label>
          <Menu.RadioGroup value={lang} onChange={(value) => setLang(value as Lang)}>
            {LANGUAGES.map((item) => (
              <Menu.RadioItem key={item} value={item} lang={item}>
                {LANG_NAMES[item]}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Divider />
          <Menu.Label>{t('app.theme')}</Menu.Label>
          <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)}>
            {THEMES.map((item) => (
              <Menu.RadioItem key={item} value={item}>
                {t(`app.theme.${item}`)}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Divider />
          <Menu.Label>{t('app.density')}</Menu.Label>
          <Menu.RadioGroup value={density} onChange={(value) => writeChoice('density', value)}>
            {DENSITIES.map((item) => (
              <Menu.RadioItem key={item} value={item}>
                {t(`app.density.${item}`)}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Divider />
          <Menu.Item className={styles.phoneOnly ?? ''} leftSection={<IconHelp size={18} stroke={1.75} />} onClick={onHelp}>
            {t('app.help')}
          </Menu.Item>
          <Menu.Item leftSection={<IconLogout size={18} stroke={1.75} />} onClick={() => void leave()}>
            {t('app.logout')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </header>
  );
}
