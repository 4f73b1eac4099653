import { useQuery } from '@tanstack/react-query';
import { fetchStatus } from '../api';
import { useText } from '../i18n';
import styles from './Service.module.css';

const POLL_MS = 60_000;

/** The service word: always text, the dot only goes with it. It leads to the page the server itself makes. */
export function Service() {
  const { t, lang } = useText();
  const { data, isError } = useQuery({
    queryKey: ['status'],
    queryFn: fetchStatus,
    refetchInterval: POLL_MS,
    retry: false,
  });
  const ok = !isError && data?.ok === true;
  const word = isError ? t('service.down') : (data?.[lang] ?? t('service.unknown'));
  return (
    <a className={styles.service} href="/health" title={t('service.details')}>
      <span className={styles.dot} data-state={ok ? 'ok' : data || isError ? 'bad' : 'unknown'} aria-hidden="true" />
      {word}
    </a>
  );
}
