// What came to the door, accepted and refused, as it happens. Envelopes only: nobody's mail is read here.
import { SegmentedControl, Switch, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { useText } from '../i18n';
import { logQuery, type LogFilter } from '../jmap/admin';
import type { Delivery } from '../jmap/types';
import { fileSize, longTime } from '../lib/format';
import { cleanLine } from '../lib/text';
import { RealAddress } from '../mail/ReaderHead';
import { State } from '../shell/State';
import { PageHead, Waiting } from './parts';
import { Table } from './Table';
import { Outcome, Sender, Trace } from './Trace';
import segments from '../shell/LangSwitch.module.css';
import styles from './Settings.module.css';

const OUTCOMES = ['', 'accepted', 'refused'] as const;

export function Log() {
  const { t } = useText();
  const [text, setText] = useState('');
  const [outcome, setOutcome] = useState<LogFilter['outcome']>('');
  const [live, setLive] = useState(true);
  const [open, setOpen] = useState<Delivery | null>(null);
  const filter = useDeferredValue(text);
  const query = useQuery(logQuery({ text: filter, outcome }, live && open === null));
  const filtered = filter.trim() !== '' || outcome !== '';
  return (
    <>
      <PageHead title={t('settings.log')} text={t('log.text')} />
      <div className={styles.filters}>
        <TextInput label={t('log.find')} placeholder={t('log.find.example')} value={text} onChange={(event) => setText(event.currentTarget.value)} />
        <SegmentedControl
          aria-label={t('log.outcome')}
          value={outcome}
          onChange={(value) => setOutcome(value as LogFilter['outcome'])}
          transitionDuration={0}
          classNames={{ root: segments.root ?? '', label: segments.label ?? '', indicator: segments.indicator ?? '' }}
          data={OUTCOMES.map((value) => ({ value, label: t(`log.outcome.${value || 'all'}`) }))}
        />
        <Switch label={t('log.live')} checked={live} onChange={(event) => setLive(event.currentTarget.checked)} />
      </div>
      {query.isError && !query.data ? (
        <State title={t('settings.error.title')} text={t('settings.error.text')} action={{ label: t('app.retry'), run: () => void query.refetch() }} />
      ) : !query.data ? (
        <Waiting />
      ) : query.data.length === 0 ? (
        filtered ? (
          <State
            title={t('log.nomatch.title')}
            text={t('log.nomatch.text')}
            action={{
              label: t('log.clear'),
              run: () => {
                setText('');
                setOutcome('');
              },
            }}
          />
        ) : (
          <State title={t('log.empty.title')} text={t('log.empty.text')} />
        )
      ) : (
        <Rows rows={query.data} onOpen={setOpen} />
      )}
      {open && <Trace row={open} onClose={() => setOpen(null)} />}
    </>
  );
}

function Rows({ rows, onOpen }: { rows: Delivery[]; onOpen: (row: Delivery) => void }) {
  const { t } = useText();
  return (
    <Table
      label={t('settings.log')}
      columns={[
        { key: 'when', head: t('log.when'), short: true },
        { key: 'outcome', head: t('log.outcome') },
        { key: 'from', head: t('log.from') },
        { key: 'to', head: t('log.to') },
        { key: 'client', head: t('log.client'), short: true },
        { key: 'size', head: t('log.size'), short: true },
      ]}
      rows={rows}
      id={(row) => row.id}
      cell={(row, key) => <RowCell row={row} column={key} onOpen={() => onOpen(row)} />}
    />
  );
}

function RowCell({ row, column, onOpen }: { row: Delivery; column: string; onOpen: () => void }) {
  const { t, locale } = useText();
  switch (column) {
    case 'when':
      return (
        <button type="button" className={styles.rowButton} onClick={onOpen} aria-label={t('log.open', { time: longTime(row.at, locale) })}>
          {longTime(row.at, locale)}
        </button>
      );
    case 'outcome':
      return <Outcome row={row} />;
    case 'from':
      return <Sender path={row.reversePath} />;
    case 'to':
      return (
        <div>
          {row.recipients.map((item, index) => (
            <div key={index}>
              <RealAddress email={item} />
            </div>
          ))}
        </div>
      );
    case 'client':
      return <span className={styles.mono}>{cleanLine(row.client)}</span>;
    default:
      return row.size > 0 ? fileSize(row.size, locale) : '';
  }
}
