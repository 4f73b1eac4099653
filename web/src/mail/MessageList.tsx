// The list of a mailbox or a search: its head, and its grid or what stands there instead.
import { Skeleton, VisuallyHidden } from '@mantine/core';
import { IconMenu2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { Ref } from 'react';
import { useText } from '../i18n';
import { pageQuery, placeOf, type Source } from '../jmap/mail';
import type { Mailbox } from '../jmap/types';
import { count } from '../lib/format';
import type { Problem } from '../search/parse';
import { useShell } from '../shell/Shell';
import { State } from '../shell/State';
import { useTitle } from '../shell/useTitle';
import { BulkBar } from './BulkBar';
import { useBoxName } from './boxName';
import { MessageGrid, type ListHandle } from './MessageGrid';
import styles from './MessageList.module.css';
import type { Swipes } from './useSwipe';

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
          <MessageGrid
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
