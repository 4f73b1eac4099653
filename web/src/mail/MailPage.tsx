// List, reading pane and context. At 1440 px all stand side by side; below, context is a drawer; below 1024, list or reading.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Suspense, lazy, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useText } from '../i18n';
import { boxSlug, boxSource, keys, mailboxesQuery, placeOf, type Conversation, type Source } from '../jmap/mail';
import type { Mailbox } from '../jmap/types';
import { useCommands } from '../keys/useKeys';
import { parseSearch, type Parsed } from '../search/parse';
import { State } from '../shell/State';
import { useTitle } from '../shell/useTitle';
import { Context } from '../context/Context';
import { useActions } from './actions';
import { useBoxName } from './boxName';
import styles from './MailPage.module.css';
import type { ListHandle } from './MessageGrid';
import { MessageList, type ListKind } from './MessageList';
import { Reader } from './Reader';
import { Separator } from './Separator';
import type { Swipe } from './useSwipe';

const MoveDialog = lazy(() => import('./MoveDialog'));

export function MailPage() {
  const { t } = useText();
  const { box: slug = 'inbox', email: emailId } = useParams({ strict: false });
  const { q } = useSearch({ strict: false });
  const navigate = useNavigate();
  const boxes = useQuery(mailboxesQuery);
  const actions = useActions();
  const queryClient = useQueryClient();
  const list = useRef<ListHandle>(null);
  const name = useBoxName();
  // The message whose opening was asked for here; a page loaded by its address must not steal the focus.
  const [wanted, setWanted] = useState<{ id: string; byKey: boolean } | null>(null);
  const [selection, setSelection] = useState<ReadonlySet<string>>(new Set());
  const [contextOpen, setContextOpen] = useState(false);
  const [moving, setMoving] = useState<string[] | null>(null);
  const searching = slug === 'search';
  const box = searching ? undefined : boxes.data?.find((item) => boxSlug(item) === slug || item.id === slug);
  const parsed = useMemo<Parsed | null>(
    () =>
      searching && boxes.data
        ? parseSearch(q ?? '', boxes.data.map((item) => ({ id: item.id, names: [name(item), item.name, placeOf(item) ?? ''] })))
        : null,
    // The names follow the language, which redraws the page.
    [searching, boxes.data, q, name],
  );
  const source = useMemo<Source | null>(() => {
    if (box) {
      return boxSource(box.id, placeOf(box));
    }
    return parsed?.filter
      ? { key: `search:${JSON.stringify(parsed.filter)}`, filter: parsed.filter, collapse: false, reasons: false, snippets: true }
      : null;
  }, [box, parsed]);
  const kind: ListKind = searching ? { search: q ?? '', problems: parsed?.problems ?? [] } : { box };

  // Another list has other messages: what was chosen in the last one must not be acted upon.
  useEffect(() => setSelection(new Set()), [source?.key]);

  const search = useMemo(() => (q === undefined ? {} : { q }), [q]);
  const open = useCallback(
    (id: string, byKey: boolean) => {
      setWanted({ id, byKey });
      void navigate({ to: '/mail/$box/$email', params: { box: slug, email: id }, search });
    },
    [navigate, slug, search],
  );
  const close = useCallback(() => {
    void navigate({ to: '/mail/$box', params: { box: slug }, search });
    requestAnimationFrame(() => list.current?.focus());
  }, [navigate, slug, search]);

  /** What a command acts on: the chosen rows, else the open message, else the row that has the focus. */
  const targets = (): string[] => {
    if (selection.size > 0) {
      return [...selection];
    }
    const row = document.activeElement?.closest<HTMLElement>('[role="row"][data-email]')?.dataset['email'];
    return row ? [row] : emailId ? [emailId] : [];
  };

  /** After messages left this list the open one may be gone: back to the list, on the row that took its place. */
  async function leaving(ids: string[], act: () => Promise<boolean>) {
    const onRow = document.activeElement?.closest('[role="row"]') !== null;
    if (await act()) {
      setSelection(new Set());
      if (emailId && ids.includes(emailId)) {
        close();
      } else if (onRow) {
        requestAnimationFrame(() => list.current?.focus());
      }
    }
  }

  useCommands((command) => {
    if (command === 'context') {
      setContextOpen((old) => !old);
      return;
    }
    const ids = targets();
    const place = box ? placeOf(box) : null;
    if (actions.readOnly || ids.length === 0) {
      return;
    }
    const has = (id: string, keyword: string) =>
      (queryClient.getQueryData<Conversation | null>(keys.email(id))?.email ?? list.current?.find(id))?.keywords[keyword] === true;
    switch (command) {
      case 'archive':
        if (place !== 'held') {
          void leaving(ids, () => actions.moveToPlace(ids, 'archive', box));
        }
        break;
      case 'trash':
        if (place === 'held') {
          void leaving(ids, () => actions.discard(ids));
        } else if (place !== 'trash') {
          void leaving(ids, () => actions.moveToPlace(ids, 'trash', box));
        } else {
          actions.tell(t('act.trash.twice'));
        }
        break;
      case 'junk':
        if (place !== 'held') {
          void leaving(ids, () => actions.moveToPlace(ids, place === 'junk' ? 'inbox' : 'junk', box));
        }
        break;
      case 'report':
        void actions.reportAs(ids, 'fraud');
        break;
      case 'move':
        if (place !== 'held') {
          setMoving(ids);
        }
        break;
      case 'flag':
        void actions.setKeyword(ids, '$flagged', !ids.every((id) => has(id, '$flagged')));
        break;
      case 'unread':
        void actions.setKeyword(ids, '$seen', !ids.every((id) => has(id, '$seen')));
        break;
      default:
    }
  });

  // Held mail is not moved by a gesture: what stops a payment should take a decision.
  const swipeTo = (place: 'archive' | 'trash'): Swipe | null => {
    const here = box ? placeOf(box) : null;
    return actions.readOnly || here === 'held' || here === place
      ? null
      : { word: t(`key.${place}`), run: (id) => void leaving([id], () => actions.moveToPlace([id], place, box)) };
  };

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Escape' && !event.defaultPrevented) {
      if (contextOpen && window.innerWidth < 1440) {
        setContextOpen(false);
      } else if (selection.size > 0) {
        setSelection(new Set());
      } else if (emailId) {
        close();
      }
    }
  }

  if (boxes.isError && !boxes.data) {
    return <BoxesFailed retry={() => void boxes.refetch()} />;
  }
  if (boxes.data && !box && !searching) {
    return <UnknownBox slug={slug} retry={() => void boxes.refetch()} />;
  }
  return (
    <div className={styles.mail} onKeyDown={onKeyDown} data-reading={emailId ? true : undefined}>
      <section className={styles.list} data-pane="list" aria-labelledby="list-title">
        <MessageList
          key={source?.key ?? slug}
          ref={list}
          kind={kind}
          source={source}
          openId={emailId}
          selection={selection}
          onSelect={setSelection}
          onOpen={open}
          swipes={{ right: swipeTo('archive'), left: swipeTo('trash') }}
        />
      </section>
      <Separator label={t('mail.resize')} />
      <section className={styles.reader} data-pane="reader" aria-label={t('read.label')}>
        <Reader
          key={emailId ?? ''}
          emailId={emailId}
          box={box}
          backTo={searching ? t('search.word') : box ? name(box) : ''}
          focus={wanted !== null && wanted.id === emailId ? (wanted.byKey ? 'always' : 'stop') : 'never'}
          onOpen={open}
          onBack={close}
          context={{ open: contextOpen, toggle: () => setContextOpen(!contextOpen) }}
          onGone={(id) => {
            setSelection(new Set());
            if (id === emailId) {
              close();
            }
          }}
        />
      </section>
      {emailId && (
        <Context
          key={`context-${emailId}`}
          emailId={emailId}
          open={contextOpen}
          onOpen={setContextOpen}
          onMessage={(id) => open(id, true)}
        />
      )}
      {moving && (
        <Suspense>
          <MoveDialog
            boxes={boxes.data ?? []}
            from={box}
            count={moving.length}
            onClose={() => setMoving(null)}
            onChoose={(target: Mailbox) => {
              setMoving(null);
              void leaving(moving, () => actions.moveTo(moving, target, box));
            }}
          />
        </Suspense>
      )}
    </div>
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
