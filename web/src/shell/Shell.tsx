// The frame of every page after log-in: header, connection, rail, the page, bottom bar on phones, what was just done.
import { Drawer, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { Suspense, createContext, lazy, use, useEffect, useMemo, useState } from 'react';
import { useText } from '../i18n';
import { boxSlug, mailboxesQuery } from '../jmap/mail';
import { useCommands, useGlobalKeys } from '../keys/useKeys';
import { clockTime } from '../lib/format';
import { useSync } from '../mail/useSync';
import { ActionsProvider, useActions } from '../mail/actions';
import { rememberReturn } from '../warm';
import { BottomBar } from './BottomBar';
import { Header } from './Header';
import { walkPanes } from './panes';
import { Rail } from './Rail';
import { useMe } from './session';
import styles from './Shell.module.css';
import { UndoBar } from './UndoBar';
import { useOnline } from './useOnline';

/** The first screen goes first. */
const REMEMBER_AFTER_MS = 500;

const KeySheet = lazy(() => import('../keys/KeySheet'));

interface ShellControls {
  openRail: () => void;
}

const ShellContext = createContext<ShellControls>({ openRail: () => undefined });
export const useShell = () => use(ShellContext);

export function Shell() {
  return (
    <ActionsProvider>
      <Frame />
    </ActionsProvider>
  );
}

function Frame() {
  const { t } = useText();
  const me = useMe().data;
  const navigate = useNavigate();
  const { undo } = useActions();
  const { box: slug, email } = useParams({ strict: false });
  const path = useLocation().pathname;
  const boxes = useQuery(mailboxesQuery).data;
  const sync = useSync();
  const [drawer, setDrawer] = useState(false);
  const [sheet, setSheet] = useState(false);
  const controls = useMemo(() => ({ openRail: () => setDrawer(true) }), []);
  useEffect(() => {
    if (!me || !boxes) {
      return undefined;
    }
    const timer = window.setTimeout(() => void rememberReturn(me, boxes).catch(() => undefined), REMEMBER_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [me, boxes]);
  const current = boxes?.find((item) => boxSlug(item) === slug || item.id === slug)?.id;
  useGlobalKeys();
  useCommands((command) => {
    const boxOf = { inbox: 'inbox', held: 'held', archivebox: 'archive', sent: 'sent' }[command as string];
    if (boxOf) {
      void navigate({ to: '/mail/$box', params: { box: boxOf } });
    } else if (command === 'undo') {
      undo();
    } else if (command === 'sheet') {
      setSheet((open) => !open);
    }
  });

  if (!me) {
    return null;
  }
  const rail = { boxes, current, path };
  return (
    <ShellContext value={controls}>
      <div
        className={styles.page}
        data-reading={email ? true : undefined}
        onKeyDown={(event) => {
          if (event.key === 'F6') {
            event.preventDefault();
            walkPanes(event.shiftKey ? -1 : 1);
          }
        }}
      >
        <div className={styles.top}>
          <Header me={me} onHelp={() => setSheet(true)} />
          <ConnectionBar failing={sync.failing} lastAnswer={sync.lastAnswer} />
        </div>
        <div className={styles.panes}>
          <div className={styles.rail} data-pane="rail">
            <Rail {...rail} />
          </div>
          <main id="main" className={styles.main} tabIndex={-1}>
            <Outlet />
          </main>
        </div>
        <BottomBar boxes={boxes} path={path} />
        <Drawer.Root
          opened={drawer}
          onClose={() => setDrawer(false)}
          size={300}
          // Locking the scroll would need a style tag outside our nonce; the panes scroll, the page does not.
          lockScroll={false}
          transitionProps={{ duration: 0 }}
        >
          <Drawer.Overlay />
          <Drawer.Content aria-label={t('mail.mailboxes')}>
            <div className={styles.drawerHead}>
              <h2>{t('mail.mailboxes')}</h2>
              <Drawer.CloseButton size={44} aria-label={t('mail.close')} />
            </div>
            <Rail {...rail} onChoose={() => setDrawer(false)} />
          </Drawer.Content>
        </Drawer.Root>
        {sheet && (
          <Suspense>
            <KeySheet onClose={() => setSheet(false)} />
          </Suspense>
        )}
        <UndoBar />
        <Arrivals count={sync.arrived.count} turn={sync.arrived.turn} />
      </div>
    </ShellContext>
  );
}

function ConnectionBar({ failing, lastAnswer }: { failing: boolean; lastAnswer: number | null }) {
  const { t, locale } = useText();
  const online = useOnline();
  const text = !online
    ? t('offline.network')
    : failing
      ? t('offline.stale', { time: clockTime(lastAnswer ?? Date.now(), locale) })
      : '';
  return (
    <div role="status" className={styles.bar} data-shown={text !== '' || undefined}>
      {text}
    </div>
  );
}

/** Says new mail to screen readers; the text changes with each look that found some, so equal counts speak again. */
function Arrivals({ count, turn }: { count: number; turn: number }) {
  const { t } = useText();
  return (
    <VisuallyHidden role="log" aria-live="polite">
      {turn > 0 && <span key={turn}>{t('list.new', { count })}</span>}
    </VisuallyHidden>
  );
}
