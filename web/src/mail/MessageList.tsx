// The list: a virtual grid of rows with one of them in the tab order. Pages of it are fetched as they come into view.
import { Skeleton } from '@mantine/core';
import { IconMenu2 } from '@tabler/icons-react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual';
import { useCallback, useEffect, useImperativeHandle, useRef, useState, type KeyboardEvent, type Ref } from 'react';
import { useText } from '../i18n';
import { PAGE, pageQuery, placeOf, type ListPage } from '../jmap/mail';
import type { EmailHead, Mailbox } from '../jmap/types';
import { count } from '../lib/format';
import { State } from '../shell/State';
import { useTitle } from '../shell/useTitle';
import { useBoxName } from './boxName';
import { MessageRow } from './MessageRow';
import styles from './MessageList.module.css';

const ROW = 84;
const OVERSCAN = 6;

export interface ListHandle {
  focus: () => void;
}

interface MessageListProps {
  ref: Ref<ListHandle>;
  box: Mailbox | undefined;
  openId: string | undefined;
  onOpen: (id: string, byKey: boolean) => void;
  onMailboxes: () => void;
}

export function MessageList({ ref, box, openId, onOpen, onMailboxes }: MessageListProps) {
  const { t, locale } = useText();
  const name = useBoxName();
  const first = useQuery({ ...pageQuery(box?.id ?? '', 0), enabled: box !== undefined });
  const title = box ? name(box) : '';
  const unread = box?.unreadEmails ?? 0;
  const Heading = openId ? 'h2' : 'h1';
  useTitle(openId ? null : `${unread > 0 ? `(${count(unread, locale)}) ` : ''}${title || t('place.mail')} · ${t('app.name')}`);

  return (
    <>
      <div className={styles.head}>
        <button type="button" className={styles.boxes} aria-label={t('mail.mailboxes.open')} onClick={onMailboxes}>
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
      </div>
      {first.data ? (
        first.data.total === 0 ? (
          <Empty box={box} />
        ) : (
          <Grid ref={ref} box={box!} total={first.data.total} openId={openId} onOpen={onOpen} label={title} />
        )
      ) : first.isError ? (
        <State
          title={t('list.error.title')}
          text={t('list.error.text')}
          action={{ label: t('app.retry'), run: () => void first.refetch() }}
        />
      ) : (
        <Waiting />
      )}
    </>
  );
}

interface GridProps {
  ref: Ref<ListHandle>;
  box: Mailbox;
  total: number;
  openId: string | undefined;
  onOpen: (id: string, byKey: boolean) => void;
  label: string;
}

function Grid({ ref, box, total, openId, onOpen, label }: GridProps) {
  const { t } = useText();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const focusRow = useRef(false);

  // The row that has the focus stays in the document when it is scrolled out of view.
  const rangeExtractor = useCallback(
    (range: Range) => [...new Set([...defaultRangeExtractor(range), Math.min(active, total - 1)])].sort((a, b) => a - b),
    [active, total],
  );
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: OVERSCAN,
    rangeExtractor,
  });
  const items = virtual.getVirtualItems();
  const emailAt = usePages(
    box.id,
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
  useImperativeHandle(ref, () => ({ focus: focusActive }), [focusActive]);
  useEffect(() => {
    if (focusRow.current) {
      focusRow.current = false;
      focusActive();
    }
  });

  function goTo(index: number) {
    const target = Math.max(0, Math.min(total - 1, index));
    focusRow.current = true;
    setActive(target);
    virtual.scrollToIndex(target, { align: 'auto' });
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const rows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW) / ROW) - 1);
    // Letters act only while the list has the focus (WCAG 2.1.4).
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      j: active + 1,
      ArrowUp: active - 1,
      k: active - 1,
      PageDown: active + rows,
      PageUp: active - rows,
      Home: 0,
      End: total - 1,
    };
    const move = moves[event.key];
    if (move !== undefined) {
      event.preventDefault();
      goTo(move);
    } else if (event.key === 'Enter' || event.key === 'o') {
      const email = emailAt(active);
      if (email) {
        event.preventDefault();
        onOpen(email.id, true);
      }
    }
  }

  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={t('list.label', { box: label })}
      aria-rowcount={total}
      className={styles.scroller}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className={styles.canvas} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const email = emailAt(item.index);
          return (
            <MessageRow
              key={item.key}
              email={email}
              outgoing={isOutgoing(box)}
              index={item.index}
              top={item.start}
              selected={email !== undefined && email.id === openId}
              active={item.index === Math.min(active, total - 1)}
              onOpen={() => {
                setActive(item.index);
                if (email) {
                  onOpen(email.id, false);
                }
              }}
            />
          );
        })}
      </div>
    </div>
  );
}

/** Fetches the pages that the visible rows stand on and gives the message at a row, once it is there. */
function usePages(boxId: string, indexes: number[]): (index: number) => EmailHead | undefined {
  const wanted = [...new Set([0, ...indexes.map((index) => Math.floor(index / PAGE))])].sort((a, b) => a - b);
  const results = useQueries({ queries: wanted.map((page) => pageQuery(boxId, page)) });
  const pages = new Map<number, ListPage | undefined>(wanted.map((page, at) => [page, results[at]?.data]));
  return (index) => pages.get(Math.floor(index / PAGE))?.emails[index % PAGE];
}

function isOutgoing(box: Mailbox): boolean {
  const place = placeOf(box);
  return place === 'sent' || place === 'drafts';
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
  const kind = place === 'inbox' || place === 'held' || place === 'junk' ? place : 'other';
  return <State title={t(`empty.${kind}.title`)} text={t(`empty.${kind}.text`)} />;
}
