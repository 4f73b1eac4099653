// Who is there decides what is drawn: the log-in page or the page that was asked for.
import { VisuallyHidden } from '@mantine/core';
import { Outlet } from '@tanstack/react-router';
import { Suspense, lazy, useEffect } from 'react';
import { suggestLang, useText } from '../i18n';
import { Entrance } from './Entrance';
import { useMe } from './session';
import { SkipLink } from './SkipLink';
import { State } from './State';
import { useOnline } from './useOnline';
import { useTitle } from './useTitle';

const Login = lazy(() => import('../login/Login'));

export function Gate() {
  const { t } = useText();
  const me = useMe();
  useEffect(() => suggestLang(me.data?.lang), [me.data?.lang]);

  const online = useOnline();
  const { isError, refetch } = me;
  useEffect(() => {
    if (online && isError) {
      void refetch();
    }
    // Only the return of the line asks again; a server that refuses is asked by hand.
  }, [online]);

  if (me.isPending) {
    return <VisuallyHidden role="status">{t('app.loading')}</VisuallyHidden>;
  }
  if (me.isError) {
    return <Unreachable online={online} retry={() => void me.refetch()} />;
  }
  if (!me.data) {
    return (
      <Suspense>
        <Login />
      </Suspense>
    );
  }
  return (
    <>
      <SkipLink />
      <Outlet />
    </>
  );
}

/** Nothing is known of who is there, and nothing was kept. */
function Unreachable({ online, retry }: { online: boolean; retry: () => void }) {
  const { t } = useText();
  const title = t(online ? 'app.down.title' : 'app.offline.title');
  useTitle(`${title} · ${t('app.name')}`);
  return (
    <Entrance>
      <State
        heading="h1"
        title={title}
        text={t(online ? 'app.down.text' : 'app.offline.text')}
        action={{ label: t('app.retry'), run: retry }}
      />
    </Entrance>
  );
}
