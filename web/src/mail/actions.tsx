// What a person does to messages, with one way back. The last act can be undone for a while by button or by key.
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, use, useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import { useText } from '../i18n';
import { destroyEmails, discardHeld, fetchPlaced, report, setEmails, type Placed } from '../jmap/actions';
import { keys, mailboxesQuery, placeOf, rightsQuery, type Conversation, type ListPage, type Place } from '../jmap/mail';
import type { Mailbox, ReportAs } from '../jmap/types';

/** At least ten seconds, as people who look away need (WCAG 2.2.1); it goes at the next act too. */
const NOTICE_MS = 12_000;

export interface Notice {
  text: string;
  undo: (() => Promise<void>) | null;
  turn: number;
}

export interface Actions {
  readOnly: boolean;
  notice: Notice | null;
  undo: () => void;
  closeNotice: () => void;
  tell: (text: string) => void;
  /** Each gives true when something was done. `rows` that stand for conversations take the whole of them along. */
  moveTo: (ids: string[], target: Mailbox, from: Mailbox | undefined) => Promise<boolean>;
  moveToPlace: (ids: string[], place: Place, from: Mailbox | undefined) => Promise<boolean>;
  destroy: (ids: string[]) => Promise<boolean>;
  discard: (ids: string[]) => Promise<boolean>;
  setKeyword: (ids: string[], keyword: '$seen' | '$flagged', on: boolean, quiet?: boolean) => Promise<void>;
  reportAs: (ids: string[], as: ReportAs) => Promise<boolean>;
  reload: () => Promise<void>;
}

const ActionsContext = createContext<Actions | null>(null);

export function useActions(): Actions {
  const actions = use(ActionsContext);
  if (!actions) {
    throw new Error('useActions outside of ActionsProvider');
  }
  return actions;
}

const grouped = (box: Mailbox | undefined) => {
  const place = box ? placeOf(box) : null;
  return box && (place === 'inbox' || place === 'archive' || place === null) ? box.id : null;
};

/** The rows on screen change at once; the server's answer comes after. */
function patchKeyword(queryClient: QueryClient, ids: ReadonlySet<string>, keyword: string, on: boolean): void {
  const patched = (words: Record<string, boolean>) => {
    const { [keyword]: _, ...rest } = words;
    return on ? { ...rest, [keyword]: true } : rest;
  };
  queryClient.setQueriesData<ListPage>({ queryKey: keys.lists }, (page) =>
    page?.emails.some((email) => ids.has(email.id))
      ? { ...page, emails: page.emails.map((email) => (ids.has(email.id) ? { ...email, keywords: patched(email.keywords) } : email)) }
      : page,
  );
  queryClient.setQueriesData<Conversation | null>({ queryKey: keys.emails }, (found) =>
    found && ids.has(found.email.id) ? { ...found, email: { ...found.email, keywords: patched(found.email.keywords) } } : found,
  );
}

export function ActionsProvider({ children }: { children: ReactNode }) {
  const { t } = useText();
  const queryClient = useQueryClient();
  const rights = useQuery(rightsQuery).data;
  const [notice, setNotice] = useState<Notice | null>(null);
  const turn = useRef(0);
  const timer = useRef<number | undefined>(undefined);

  const show = useCallback((text: string, undo: Notice['undo'] = null) => {
    turn.current += 1;
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setNotice(null), NOTICE_MS);
    setNotice({ text, undo, turn: turn.current });
  }, []);

  const reload = useCallback(() => queryClient.invalidateQueries({ queryKey: keys.all }), [queryClient]);

  /** Runs one act; whatever goes wrong is said, and what is on screen is read again. */
  const attempt = useCallback(
    async (act: () => Promise<{ failed: number; total: number; text: string; undo: Notice['undo'] }>) => {
      try {
        const { failed, total, text, undo } = await act();
        if (total === 0 || failed === total) {
          show(t('act.nothing'));
          return false;
        }
        show(failed > 0 ? `${text} ${t('act.some', { count: failed })}` : text, undo);
        return true;
      } catch {
        show(t('act.failed'));
        return false;
      } finally {
        await reload();
      }
    },
    [reload, show, t],
  );

  const putBack = useCallback(
    (placed: Placed[]) => async () => {
      await setEmails(Object.fromEntries(placed.map(({ id, mailboxIds }) => [id, { mailboxIds }])));
      await reload();
    },
    [reload],
  );

  const actions = useMemo<Omit<Actions, 'notice' | 'undo'>>(() => {
    const moveTo: Actions['moveTo'] = (ids, target, from) =>
      attempt(async () => {
        const placed = (await fetchPlaced(ids, grouped(from))).filter((item) => !item.held && !item.mailboxIds[target.id]);
        const failed = placed.length === 0 ? 0 : await setEmails(Object.fromEntries(placed.map(({ id }) => [id, { mailboxIds: { [target.id]: true } }])));
        const place = placeOf(target);
        const text =
          place === 'archive' || place === 'trash' || place === 'junk' || place === 'inbox'
            ? t(`act.${place}`, { count: placed.length })
            : t('act.moved', { count: placed.length, box: place ? t(`box.${place}`) : target.name });
        return { failed, total: placed.length, text, undo: putBack(placed) };
      });
    return {
      readOnly: rights?.readOnly ?? true,
      closeNotice: () => setNotice(null),
      tell: show,
      reload,
      moveTo,
      moveToPlace: async (ids, place, from) => {
        const boxes = await queryClient.ensureQueryData(mailboxesQuery);
        const target = boxes.find((box) => placeOf(box) === place);
        if (!target) {
          show(t('act.failed'));
          return false;
        }
        return moveTo(ids, target, from);
      },
      destroy: (ids) =>
        attempt(async () => ({
          failed: await destroyEmails(ids),
          total: ids.length,
          text: t('act.destroyed', { count: ids.length }),
          undo: null,
        })),
      discard: (ids) =>
        attempt(async () => ({
          failed: await discardHeld(ids),
          total: ids.length,
          text: t('act.discarded', { count: ids.length }),
          undo: null,
        })),
      setKeyword: async (ids, keyword, on, quiet = false) => {
        const set = new Set(ids);
        patchKeyword(queryClient, set, keyword, on);
        const put = (value: boolean) => setEmails(Object.fromEntries(ids.map((id) => [id, { [`keywords/${keyword}`]: value ? true : null }])));
        try {
          await put(on);
          if (!quiet) {
            const word = keyword === '$seen' ? (on ? 'read' : 'unread') : on ? 'flagged' : 'unflagged';
            show(t(`act.${word}`, { count: ids.length }), async () => {
              patchKeyword(queryClient, set, keyword, !on);
              await put(!on);
              await queryClient.invalidateQueries({ queryKey: keys.mailboxes });
            });
          }
        } catch {
          patchKeyword(queryClient, set, keyword, !on);
          if (!quiet) {
            show(t('act.failed'));
          }
        }
        await queryClient.invalidateQueries({ queryKey: keys.mailboxes });
      },
      reportAs: (ids, as) =>
        attempt(async () => {
          const failed = await report(ids, as);
          return { failed, total: ids.length, text: t(`act.reported.${as}`), undo: null };
        }),
    };
  }, [attempt, putBack, queryClient, reload, rights?.readOnly, show, t]);

  const undo = useCallback(() => {
    const run = notice?.undo;
    if (!run) {
      return;
    }
    show(t('act.undoing'));
    run().then(
      () => show(t('act.undone')),
      () => show(t('act.failed')),
    );
  }, [notice, show, t]);

  const value = useMemo(() => ({ ...actions, notice, undo }), [actions, notice, undo]);
  return <ActionsContext value={value}>{children}</ActionsContext>;
}
