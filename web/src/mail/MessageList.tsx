// The list: a virtual grid of rows with one of them in the tab order. Pages of it are fetched as they come into view.
import { Skeleton, VisuallyHidden } from '@mantine/core';
import { IconMenu2 } from '@tabler/icons-react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual';
import {
  useCallback, useEffect, useImperativeHandle, useRef, useState, type KeyboardEvent, type Ref,
} from 'react';
import { useText } from '../i18n';
import { PAGE, pageQuery, placeOf, type ListPage, type Row, type Source } from '../jmap/mail';
import type { Mailbox } from '../jmap/types';
import { lettersOn, type Command } from '../keys/keys';
import { useCommands } from '../keys/useKeys';
import { count } from '../lib/format';
import { useChoice } from '../lib/store';
import type { Problem } from '../search/parse';
import { useShell } from '../shell/Shell';
import { State } from '../shell/State';
import { useTitle } from '../shell/useTitle';
import { BulkBar } from './BulkBar';
import { useBoxName } from './boxName';
import { MessageRow, type RowHandler } from './MessageRow';
import { useSwipe, type Swipes } from './useSwipe';
import styles from './MessageList.module.css';

/** Row heights of the tokens: with a snippet line, or compact without. */
const ROWS = { roomy: 84, compact: 64 } as const;
const OVERSCAN = 6;

export interface ListHandle {
  focus: () => void;
  find: (id: string) => Row | undefined;
}

export type ListKind = { box: Mailbox | undefined } | { search: string; problems: Problem[] };

interface MessageListProps {
  ref: Ref<ListHandle>;
  kind: ListKind;
  source: Source | null;
  openId: string | undefined;
  selection: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  onOpen: (id: string, byKey: boolean) => void;
  /** What a finger does that pulls a row to the right or to the left. */
  swipes: Swipes;
}

const NO_SOURCE: Source = { key: '', filter: {}, collapse: false, reasons: false, snippets: false };

export function MessageList({ ref, kind, source, openId, selection, onSelect, onOpen, swipes }: MessageListProps) {
  const { t, locale } = useText();
  const name = useBoxName();
  const { openRail } = useShell();
  const first = useQuery({ ...pageQuery(source ?? NO_SOURCE, 0), enabled: source !== null });
  const box = 'box' in kind ? kind.box : undefined;
  const searching = 'search' in kind;
  const title = searching ? t('search.title') : box ? name(box) : '';
  const unread = box?.unreadEmails ?? 0;
  const Heading = openId ? 'h2' : 'h1';
  useTitle(openId ? null : `${unread > 0 ? `(${count(unread, locale)}) ` : ''}${title || t('place.mail')} · ${t('app.name')}`);

  return (
    <>
      {selection.size > 0 ? (
        <BulkBar box={box} selection={selection} onClear={() => onSelect(new Set())} />
      ) : (
        <div className={styles.head}>
          <button type="button" className={styles.boxes} aria-label={t('mail.mailboxes.open')} onClick={openRail}>
            <IconMenu2 size={22} stroke={1.75} aria-hidden="true" />
          </button>
          <Heading id="list-title" className={styles.title}>
            {title || t('app.loading')}
          </Heading>
          {box && (
            <span className={styles.meta}>
              {unread > 0 ? t('box.unread', { count: unread }) : t('box.messages', { count: box.totalEmails })}
            </span>
          )}
          {searching && first.data && <span className={styles.meta}>{t('box.messages', { count: first.data.total })}</span>}
        </div>
      )}
      {selection.size > 0 && (
        <VisuallyHidden>
          <Heading id="list-title">{title}</Heading>
        </VisuallyHidden>
      )}
      {searching && <Problems problems={kind.problems} />}
      {searching && source === null ? (
        <Invitation />
      ) : first.data ? (
        first.data.total === 0 ? (
          searching ? (
            <State title={t('search.none.title')} text={t('search.none.text')} />
          ) : (
            <Empty box={box} />
          )
        ) : (
          <Grid
            ref={ref}
            source={source ?? NO_SOURCE}
            outgoing={box !== undefined && ['sent', 'drafts'].includes(placeOf(box) ?? '')}
            total={first.data.total}
            openId={openId}
            selection={selection}
            onSelect={onSelect}
            onOpen={onOpen}
            swipes={swipes}
            label={title}
          />
        )
      ) : first.isError ? (
        <State
          title={t(searching ? 'search.error.title' : 'list.error.title')}
          text={t(searching ? 'search.error.text' : 'list.error.text')}
          action={{ label: t('app.retry'), run: () => void first.refetch() }}
        />
      ) : (
        <Waiting />
      )}
    </>
  );
}

/** What of a search was not understood; never a silent empty list. */
function Problems({ problems }: { problems: Problem[] }) {
  const { t } = useText();
  return (
    <div role="status" className={styles.problems} data-shown={problems.length > 0 || undefined}>
      {problems.map((problem, index) => (
        <p key={index}>{t(`search.problem.${problem.kind}`, { text: problem.text })}</p>
      ))}
    </div>
  );
}

function Invitation() {
  const { t } = useText();
  return (
    <State title={t('search.empty.title')} text={t('search.empty.text')}>
      <ul className={styles.examples}>
        {(['from', 'attachment', 'unread', 'after', 'in'] as const).map((item) => (
          <li key={item}>
            <code className="mono">{t(`search.example.${item}`)}</code> {t(`search.hint.${item}`)}
          </li>
        ))}
      </ul>
    </State>
  );
}

interface GridProps {
  ref: Ref<ListHandle>;
  source: Source;
  outgoing: boolean;
  total: number;
  openId: string | undefined;
  selection: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  onOpen: (id: string, byKey: boolean) => void;
  swipes: Swipes;
  label: string;
}

function Grid({ ref, source, outgoing, total, openId, selection, onSelect, onOpen, swipes, label }: GridProps) {
  const { t } = useText();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const focusRow = useRef(false);
  const compact = useChoice('density') === 'compact';
  const height = compact ? ROWS.compact : ROWS.roomy;
  useSwipe(scroller, swipes);

  // The row that has the focus stays in the document when it is scrolled out of view.
  const rangeExtractor = useCallback(
    (range: Range) => [...new Set([...defaultRangeExtractor(range), Math.min(active, total - 1)])].sort((a, b) => a - b),
    [active, total],
  );
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: OVERSCAN,
    rangeExtractor,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  const items = virtual.getVirtualItems();
  const emailAt = usePages(
    source,
    items.map((item) => item.index),
  );

  const openIndex = items.find((item) => openId !== undefined && emailAt(item.index)?.id === openId)?.index;
  useEffect(() => {
    if (openIndex !== undefined) {
      setActive(openIndex);
    }
  }, [openIndex]);

  const focusActive = useCallback(() => {
    scroller.current?.querySelector<HTMLElement>('[role="row"][tabindex="0"]')?.focus({ preventScroll: true });
  }, []);
  const find = (id: string) => items.map((item) => emailAt(item.index)).find((email) => email?.id === id);
  useImperativeHandle(ref, () => ({ focus: focusActive, find }));
  useEffect(() => {
    if (focusRow.current) {
      focusRow.current = false;
      focusActive();
    }
  });

  function goTo(index: number): number {
    const target = Math.max(0, Math.min(total - 1, index));
    focusRow.current = true;
    setActive(target);
    virtual.scrollToIndex(target, { align: 'auto' });
    return target;
  }

  function toggle(id: string | undefined) {
    if (id !== undefined) {
      const next = new Set(selection);
      if (!next.delete(id)) {
        next.add(id);
      }
      onSelect(next);
    }
  }

  /** Adds the rows between two, as far as they are loaded: an unseen row is never acted upon. */
  function extend(from: number, to: number) {
    const next = new Set(selection);
    for (let index = Math.min(from, to); index <= Math.max(from, to); index += 1) {
      const id = emailAt(index)?.id;
      if (id !== undefined) {
        next.add(id);
      }
    }
    onSelect(next);
  }

  useCommands((command: Command) => {
    const inside = scroller.current?.contains(document.activeElement) === true;
    if (command === 'next' || command === 'previous') {
      const target = goTo(active + (command === 'next' ? 1 : -1));
      const id = emailAt(target)?.id;
      // While reading, the next row is the next message.
      if (openId !== undefined && !inside && id !== undefined) {
        focusRow.current = false;
        onOpen(id, true);
      }
    } else if (command === 'open' && inside) {
      const id = emailAt(active)?.id;
      if (id !== undefined) {
        onOpen(id, true);
      }
    } else if (command === 'select') {
      toggle(emailAt(active)?.id);
    }
  });

  function onKeyDown(event: KeyboardEvent) {
    if ((event.ctrlKey || event.metaKey) && event.key === 'a') {
      event.preventDefault();
      onSelect(new Set(items.flatMap((item) => emailAt(item.index)?.id ?? [])));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const rows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? height) / height) - 1);
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + rows,
      PageUp: active - rows,
      Home: 0,
      End: total - 1,
    };
    const move = moves[event.key];
    if (move !== undefined) {
      event.preventDefault();
      const target = goTo(move);
      if (event.shiftKey) {
        extend(active, target);
      }
    } else if (event.key === 'Enter' || event.key === ' ') {
      const email = emailAt(active);
      if (email) {
        event.preventDefault();
        if (event.key === ' ' && lettersOn()) {
          toggle(email.id);
        } else {
          onOpen(email.id, true);
        }
      }
    }
  }

  // Rows are drawn again only when what they show changes, so what they call must not hold an older list.
  const onRow = useRef<RowHandler>(() => undefined);
  onRow.current = (index, event) => {
    const id = emailAt(index)?.id;
    if (event === null || event.ctrlKey || event.metaKey) {
      toggle(id);
    } else if (event.shiftKey) {
      extend(active, index);
    } else if (id !== undefined) {
      onOpen(id, false);
    }
    setActive(index);
  };
  const handle = useCallback<RowHandler>((index, event) => onRow.current(index, event), []);

  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={t('list.label', { box: label })}
      aria-rowcount={total}
      aria-multiselectable="true"
      className={styles.scroller}
      data-selecting={selection.size > 0 || undefined}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className={styles.canvas} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const email = emailAt(item.index);
          return (
            <MessageRow
              key={item.key}
              email={email}
              outgoing={outgoing}
              compact={compact}
              reasons={source.reasons}
              index={item.index}
              top={item.start}
              open={email !== undefined && email.id === openId}
              selected={email !== undefined && selection.has(email.id)}
              active={item.index === Math.min(active, total - 1)}
              onAct={handle}
            />
          );
        })}
      </div>
    </div>
  );
}

/** Fetches the pages that the visible rows stand on and gives the message at a row, once it is there. */
function usePages(source: Source, indexes: number[]): (index: number) => Row | undefined {
  const wanted = [...new Set([0, ...indexes.map((index) => Math.floor(index / PAGE))])].sort((a, b) => a - b);
  const results = useQueries({ queries: wanted.map((page) => pageQuery(source, page)) });
  const pages = new Map<number, ListPage | undefined>(wanted.map((page, at) => [page, results[at]?.data]));
  return (index) => pages.get(Math.floor(index / PAGE))?.emails[index % PAGE];
}

function Waiting() {
  const { t } = useText();
  return (
    <div role="status" aria-label={t('app.loading')} className={styles.waiting}>
      {Array.from({ length: 8 }, (_, index) => (
        <div key={index} className={styles.ghost}>
          <Skeleton height={14} width="45%" radius={4} />
          <Skeleton height={12} width="70%" radius={4} mt={8} />
          <Skeleton height={12} width="90%" radius={4} mt={8} />
        </div>
      ))}
    </div>
  );
}

function Empty({ box }: { box: Mailbox | undefined }) {
  const { t } = useText();
  const place = box ? placeOf(box) : null;
  const kind = place === 'inbox' || place === 'held' || place === 'junk' || place === 'trash' ? place : 'other';
  return <State title={t(`empty.${kind}.title`)} text={t(`empty.${kind}.text`)} />;
}
