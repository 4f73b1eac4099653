// A virtual grid of rows with one of them in the tab order. Pages of it are fetched as they come into view.
import { useQueries } from '@tanstack/react-query';
import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual';
import {
  useCallback, useEffect, useImperativeHandle, useRef, useState, type KeyboardEvent, type Ref,
} from 'react';
import { useText } from '../i18n';
import { PAGE, pageQuery, type ListPage, type Row, type Source } from '../jmap/mail';
import { lettersOn, type Command } from '../keys/keys';
import { useCommands } from '../keys/useKeys';
import { useChoice } from '../lib/store';
import { useAhead } from './ahead';
import { MessageRow, type RowHandler } from './MessageRow';
import styles from './MessageList.module.css';
import { useSwipe, type Swipes } from './useSwipe';

/** Row heights of the tokens: with a snippet line, or compact without. */
const ROWS = { roomy: 84, compact: 64 } as const;
const OVERSCAN = 6;

export interface ListHandle {
  focus: () => void;
  find: (id: string) => Row | undefined;
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

export function MessageGrid({ ref, source, outgoing, total, openId, selection, onSelect, onOpen, swipes, label }: GridProps) {
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
  const ahead = useAhead(openIndex === undefined ? [] : [emailAt(openIndex + 1)?.id, emailAt(openIndex - 1)?.id]);

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
      {...ahead}
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
