import { Menu, VisuallyHidden, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { IconLogout } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { logout, type Me } from '../api';
import { LANGUAGES, setLang, useText, type Lang } from '../i18n';
import { client } from '../jmap/mail';
import { initials } from '../lib/text';
import { Brand } from './Brand';
import { meKey } from './Gate';
import styles from './Header.module.css';
import { Service } from './Service';

const THEMES: MantineColorScheme[] = ['auto', 'light', 'dark'];
const LANG_NAMES = { it: 'Italiano', en: 'English' } as const;

export function Header({ me }: { me: Me }) {
  const { t, lang } = useText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const queryClient = useQueryClient();
  const navigate = useNavigate();

  async function leave() {
    await logout();
    client.reset();
    // First nobody is there, then the data goes: the other way round the open page would ask for it again.
    queryClient.setQueryData(meKey, null);
    queryClient.removeQueries({ queryKey: ['mail'] });
    void navigate({ to: '/', replace: true });
  }

  return (
    <header className={styles.header}>
      <Brand />
      <span className={styles.firm}>{me.firm}</span>
      <span className={styles.grow} />
      <Service />
      <Menu
        position="bottom-end"
        width={240}
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
          <Menu.Item leftSection={<IconLogout size={18} stroke={1.75} />} onClick={() => void leave()}>
            {t('app.logout')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </header>
  );
}
