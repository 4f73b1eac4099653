import { Button, PasswordInput, TextInput } from '@mantine/core';
import { IconRosetteDiscountCheck } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { login, type LoginResult } from '../api';
import { useText } from '../i18n';
import { client } from '../jmap/mail';
import { Entrance } from '../shell/Entrance';
import { expiredKey, meKey } from '../shell/session';
import { useTitle } from '../shell/useTitle';
import styles from './Login.module.css';

type Problem = Exclude<LoginResult, { kind: 'ok' }> | { kind: 'missing'; field: 'address' | 'password' };

export default function Login() {
  const { t, lang } = useText();
  const queryClient = useQueryClient();
  const [address, setAddress] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [expired] = useState(() => queryClient.getQueryData(expiredKey) === true);
  const addressRef = useRef<HTMLInputElement>(null);
  const passwordRef = useRef<HTMLInputElement>(null);
  useTitle(`${t('login.title')} · ${t('app.name')}`);
  useEffect(() => client.reset(), []);

  async function submit(event: FormEvent) {
    event.preventDefault();
    const missing = address.trim() === '' ? 'address' : password === '' ? 'password' : null;
    if (missing) {
      setProblem({ kind: 'missing', field: missing });
      (missing === 'address' ? addressRef : passwordRef).current?.focus();
      return;
    }
    setBusy(true);
    setProblem(null);
    const result = await login(address.trim(), password);
    setBusy(false);
    if (result.kind === 'ok') {
      queryClient.removeQueries({ queryKey: expiredKey });
      queryClient.setQueryData(meKey, result.me);
      return;
    }
    setProblem(result);
    if (result.kind === 'refused') {
      passwordRef.current?.select();
    }
  }

  function sentence(): string {
    switch (problem?.kind) {
      case 'refused':
        return `${problem[lang] || t('login.refused')} ${t('login.refused.detail')}`;
      case 'wait':
        return t('login.wait', { count: problem.minutes });
      case 'down':
        return t('login.down');
      default:
        return expired ? t('login.expired') : '';
    }
  }

  const missing = problem?.kind === 'missing' ? problem.field : null;
  return (
    <Entrance>
      <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        <div>
          <h1 className={styles.title}>{t('login.title')}</h1>
          <p className={styles.subtitle}>{t('login.subtitle')}</p>
        </div>
        <div role="alert" className={styles.alert} data-shown={sentence() !== '' || undefined}>
          {sentence()}
        </div>
        <TextInput
          ref={addressRef}
          label={t('login.address')}
          type="email"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          size="md"
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
          error={missing === 'address' ? t('login.missing.address') : null}
        />
        <PasswordInput
          ref={passwordRef}
          label={t('login.password')}
          name="password"
          autoComplete="current-password"
          size="md"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={missing === 'password' ? t('login.missing.password') : null}
          classNames={{ visibilityToggle: styles.toggle ?? '' }}
          rightSectionWidth={48}
          visibilityToggleButtonProps={{ 'aria-label': t('login.password.show'), tabIndex: 0 }}
        />
        <Button type="submit" size="md" fz={15} fullWidth loading={busy} className={styles.submit ?? ''}>
          {t('login.submit')}
        </Button>
      </form>
      <div className={styles.notice}>
        <IconRosetteDiscountCheck size={22} stroke={1.75} color="var(--ink-text)" aria-hidden="true" />
        <div>
          <h2 className={styles.noticeTitle}>{t('login.notice.title')}</h2>
          <p>{t('login.notice.text')}</p>
        </div>
      </div>
    </Entrance>
  );
}
