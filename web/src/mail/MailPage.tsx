// Rail, list and reading pane. At 1024 px and more all three stand side by side; below, list or reading.
import { Drawer, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useText } from '../i18n';
import { boxSlug, mailboxesQuery } from '../jmap/mail';
import { clockTime } from '../lib/format';
import { Header } from '../shell/Header';
import { useMe } from '../shell/Gate';
import { State } from '../shell/State';
import { useTitle } from '../shell/useTitle';
import styles from './MailPage.module.css';
import { MessageList, type ListHandle } from './MessageList';
import { Rail } from './Rail';
import { Reader } from './Reader';
import { useOnline, useSync } from './useSync';

/** Panes in the order F6 walks them. */
const PANES = ['rail', 'list', 'reader'] as const;

export function MailPage() {
  const { t } = useText();
  const me = useMe().data;
  const { box: slug, email: emailId } = useParams({ strict: false });
  const navigate = useNavigate();
  const boxes = useQuery(mailboxesQuery);
  const sync = useSync();
  const list = useRef<ListHandle>(null);
  const [drawer, setDrawer] = useState(false);
  // The message whose opening was asked for here; a page loaded by its address must not steal the focus.
  const [wanted, setWanted] = useState<{ id: string; byKey: boolean } | null>(null);
  const box = boxes.data?.find((item) => boxSlug(item) === slug || item.id === slug);

  const open = useCallback(
    (id: string, byKey: boolean) => {
      setWanted({ id, byKey });
      void navigate({ to: '/mail/$box/$email', params: { box: slug ?? 'inbox', email: id } });
    },
    [navigate, slug],
  );
  const close = useCallback(() => {
    void navigate({ to: '/mail/$box', params: { box: slug ?? 'inbox' } });
    requestAnimationFrame(() => list.current?.focus());
  }, [navigate, slug]);

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'F6') {
      event.preventDefault();
      walkPanes(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Escape' && emailId && !event.defaultPrevented) {
      close();
    }
  }

  if (!me) {
    return null;
  }
  return (
    <div className={styles.page} onKeyDown={onKeyDown} data-reading={emailId ? true : undefined}>
      <div className={styles.top}>
        <Header me={me} />
        <ConnectionBar failing={sync.failing} lastAnswer={sync.lastAnswer} />
      </div>
      <div className={styles.panes}>
        <div className={styles.rail} data-pane="rail">
          <Rail boxes={boxes.data} current={box?.id} />
        </div>
        <main id="main" className={styles.main} tabIndex={-1}>
          {boxes.isError && !boxes.data ? (
            <BoxesFailed retry={() => void boxes.refetch()} />
          ) : boxes.data && !box ? (
            <UnknownBox slug={slug} retry={() => void boxes.refetch()} />
          ) : (
            <>
              <section className={styles.list} data-pane="list" aria-labelledby="list-title">
                <MessageList
                  key={box?.id}
                  ref={list}
                  box={box}
                  openId={emailId}
                  onOpen={open}
                  onMailboxes={() => setDrawer(true)}
                />
              </section>
              <section className={styles.reader} data-pane="reader" aria-label={t('read.label')}>
                <Reader
                  key={emailId ?? ''}
                  emailId={emailId}
                  box={box}
                  focus={wanted !== null && wanted.id === emailId ? (wanted.byKey ? 'always' : 'stop') : 'never'}
                  onOpen={open}
                  onBack={close}
                />
              </section>
            </>
          )}
        </main>
      </div>
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
          <Rail boxes={boxes.data} current={box?.id} onChoose={() => setDrawer(false)} />
        </Drawer.Content>
      </Drawer.Root>
      <Arrivals count={sync.arrived.count} turn={sync.arrived.turn} />
    </div>
  );
}

/** Moves the focus to the next visible pane: to its current row, link or heading, else to its first control. */
function walkPanes(step: 1 | -1) {
  const panes = PANES.map((name) => document.querySelector<HTMLElement>(`[data-pane="${name}"]`)).filter(
    (pane): pane is HTMLElement => pane !== null && pane.offsetParent !== null,
  );
  const at = panes.findIndex((pane) => pane.contains(document.activeElement));
  const next = panes[(at + step + panes.length) % panes.length];
  const visible = (selector: string) =>
    [...(next?.querySelectorAll<HTMLElement>(selector) ?? [])].find((item) => item.offsetParent !== null);
  (visible('[data-pane-focus]') ?? visible('[tabindex="0"], a[href], button'))?.focus();
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

function BoxesFailed({ retry }: { retry: () => void }) {
  const { t } = useText();
  useTitle(`${t('list.error.title')} · ${t('app.name')}`);
  return (
    <State
      heading="h1"
      title={t('list.error.title')}
      text={t('list.error.text')}
      action={{ label: t('app.retry'), run: retry }}
    />
  );
}

/** An old bookmark of a mailbox that is gone leads to the inbox; an account without one is a fault to be told. */
function UnknownBox({ slug, retry }: { slug: string | undefined; retry: () => void }) {
  const navigate = useNavigate();
  const gone = slug !== 'inbox';
  useEffect(() => {
    if (gone) {
      void navigate({ to: '/mail/$box', params: { box: 'inbox' }, replace: true });
    }
  }, [gone, navigate]);
  return gone ? null : <BoxesFailed retry={retry} />;
}
