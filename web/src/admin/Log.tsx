// What came to the door, accepted and refused, as it happens. Envelopes only: nobody's mail is read here.
import { Drawer, SegmentedControl, Skeleton, Switch, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState, type ReactNode } from 'react';
import { useText } from '../i18n';
import { logQuery, traceQuery, type LogFilter } from '../jmap/admin';
import type { Delivery, Trace as TraceOf } from '../jmap/types';
import { fileSize, longTime } from '../lib/format';
import { cleanLine } from '../lib/text';
import { Chip } from '../mail/Chip';
import { RealAddress } from '../mail/ReaderHead';
import { State } from '../shell/State';
import { PageHead, Waiting } from './parts';
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
        <Switch size="md" label={t('log.live')} checked={live} onChange={(event) => setLive(event.currentTarget.checked)} />
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
  const { t, locale } = useText();
  return (
    <div className={styles.table} role="group" aria-label={t('settings.log')} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('log.when')}</th>
            <th scope="col">{t('log.outcome')}</th>
            <th scope="col">{t('log.from')}</th>
            <th scope="col">{t('log.to')}</th>
            <th scope="col">{t('log.client')}</th>
            <th scope="col">{t('log.size')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td className={styles.short}>
                <button type="button" className={styles.rowButton} onClick={() => onOpen(row)} aria-label={t('log.open', { time: longTime(row.at, locale) })}>
                  {longTime(row.at, locale)}
                </button>
              </td>
              <td>
                <Outcome row={row} />
              </td>
              <td>{row.reversePath ? <RealAddress email={row.reversePath} /> : <span className={styles.mono}>{'<>'}</span>}</td>
              <td>
                {row.recipients.map((item, index) => (
                  <div key={index}>
                    <RealAddress email={item} />
                  </div>
                ))}
              </td>
              <td className={`${styles.mono} ${styles.short}`}>{cleanLine(row.client)}</td>
              <td className={styles.short}>{row.size > 0 ? fileSize(row.size, locale) : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const VERDICTS = ['accept', 'caution', 'junk', 'hold', 'reject'];

function Outcome({ row }: { row: Delivery }) {
  const { t } = useText();
  const verdict = row.verdict && row.verdict !== 'accept' && VERDICTS.includes(row.verdict) ? row.verdict : null;
  return (
    <>
      <Chip kind={row.outcome === 'refused' ? 'rust' : verdict === 'hold' ? 'stop' : 'outline'}>
        {row.outcome === 'refused' ? t('log.refused') : verdict ? t(`log.verdict.${verdict}`) : t('log.accepted')}
      </Chip>
      {row.outcome === 'refused' && row.reply && <div className={styles.sub}>{cleanLine(row.reply)}</div>}
    </>
  );
}

function Trace({ row, onClose }: { row: Delivery; onClose: () => void }) {
  const { t, locale } = useText();
  const query = useQuery(traceQuery(row.id));
  return (
    <Drawer.Root opened onClose={onClose} position="right" size={640} lockScroll={false} transitionProps={{ duration: 0 }}>
      <Drawer.Overlay />
      <Drawer.Content aria-label={t('log.trace')}>
        <div className={styles.dialogHead}>
          <h2>
            {t('log.trace')} · {longTime(row.at, locale)}
          </h2>
          <Drawer.CloseButton size={44} aria-label={t('mail.close')} />
        </div>
        {query.isError || query.data === null ? (
          <State title={t('settings.error.title')} text={t('log.trace.failed')} />
        ) : !query.data ? (
          <div className={styles.trace}>
            <Skeleton height={200} radius={4} />
          </div>
        ) : (
          <div className={styles.trace} data-trace>
            <Envelope row={query.data.transaction} />
            {query.data.recipients.map((recipient) => (
              <Recipient key={recipient.address} recipient={recipient} />
            ))}
          </div>
        )}
      </Drawer.Content>
    </Drawer.Root>
  );
}

function Envelope({ row }: { row: Delivery }) {
  const { t, locale } = useText();
  const lines: [string, ReactNode][] = [
    [t('log.outcome'), <Outcome key="o" row={row} />],
    [t('log.client'), <span key="c" className={styles.mono}>{cleanLine(row.client)}</span>],
    [t('log.helo'), <span key="h" className={styles.mono}>{cleanLine(row.helo)}</span>],
    [t('log.from'), row.reversePath ? <RealAddress key="f" email={row.reversePath} /> : <span key="f" className={styles.mono}>{'<>'}</span>],
    [t('log.size'), row.size > 0 ? fileSize(row.size, locale) : ''],
    [t('log.reply'), row.outcome === 'accepted' ? <span key="r" className={styles.mono}>{cleanLine(row.reply)}</span> : ''],
    [t('log.id'), <span key="i" className={styles.mono}>{row.id}</span>],
  ];
  return (
    <dl className={styles.lines}>
      {lines
        .filter(([, value]) => value !== '')
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Recipient({ recipient }: { recipient: TraceOf['recipients'][number] }) {
  const { t } = useText();
  return (
    <section className={styles.recipient}>
      <h3>
        <RealAddress email={recipient.address} />
      </h3>
      {!recipient.known && <p className={styles.sub}>{t('log.unknown')}</p>}
      {recipient.removed && <p className={styles.sub}>{t('log.removed')}</p>}
      {recipient.messages.map((message, index) => (
        <p key={index}>
          <Chip kind={message.held ? 'stop' : 'outline'}>
            {t(message.held ? 'log.verdict.hold' : VERDICTS.includes(message.verdict) ? `log.verdict.${message.verdict}` : 'log.accepted')}
          </Chip>{' '}
          {message.mailboxes.map(cleanLine).join(', ')}
        </p>
      ))}
    </section>
  );
}
