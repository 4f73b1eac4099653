// Who is there decides what is drawn: the log-in page or the page that was asked for.
import { VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { useEffect } from 'react';
import { fetchMe } from '../api';
import { suggestLang, useText } from '../i18n';
import { Login } from '../login/Login';
import { SkipLink } from './SkipLink';
import { State } from './State';

export const meKey = ['me'] as const;
/** True once a session ended by itself, until the next log-in. */
export const expiredKey = ['expired'] as const;

export function useMe() {
  return useQuery({ queryKey: meKey, queryFn: fetchMe, staleTime: Infinity });
}

export function Gate() {
  const { t } = useText();
  const me = useMe();
  useEffect(() => suggestLang(me.data?.lang), [me.data?.lang]);

  if (me.isPending) {
    return <VisuallyHidden role="status">{t('app.loading')}</VisuallyHidden>;
  }
  if (me.isError) {
    return (
      <main>
        <State
          heading="h1"
          title={t('app.down.title')}
          text={t('app.down.text')}
          action={{ label: t('app.retry'), run: () => void me.refetch() }}
        />
      </main>
    );
  }
  if (!me.data) {
    return <Login />;
  }
  return (
    <>
      <SkipLink />
      <Outlet />
    </>
  );
}
