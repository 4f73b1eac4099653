// One delivery: its envelope, what was answered, and what became of it for each recipient.
import { Drawer, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useText } from '../i18n';
import { traceQuery } from '../jmap/admin';
import type { Delivery, Trace as TraceOf } from '../jmap/types';
import { fileSize, longTime } from '../lib/format';
import { cleanLine } from '../lib/text';
import { Chip } from '../mail/Chip';
import { RealAddress } from '../mail/ReaderHead';
import { State } from '../shell/State';
import styles from './Settings.module.css';

/** An envelope without a sender is a notice of another server. */
export function Sender({ path }: { path: string | null }) {
  return path ? <RealAddress email={path} /> : <span className={styles.mono}>{'<>'}</span>;
}

const VERDICTS = ['accept', 'caution', 'junk', 'hold', 'reject'];

export function Outcome({ row }: { row: Delivery }) {
  const { t } = useText();
  const verdict = row.verdict && row.verdict !== 'accept' && VERDICTS.includes(row.verdict) ? row.verdict : null;
  return (
    <div>
      <Chip kind={row.outcome === 'refused' ? 'rust' : verdict === 'hold' ? 'stop' : 'outline'}>
        {row.outcome === 'refused' ? t('log.refused') : verdict ? t(`log.verdict.${verdict}`) : t('log.accepted')}
      </Chip>
      {row.outcome === 'refused' && row.reply && <div className={styles.sub}>{cleanLine(row.reply)}</div>}
    </div>
  );
}

export function Trace({ row, onClose }: { row: Delivery; onClose: () => void }) {
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
    [t('log.from'), <Sender key="f" path={row.reversePath} />],
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

/** The server's own names of the places; folders of people keep theirs. */
const PLACES = ['inbox', 'held', 'drafts', 'sent', 'archive', 'junk', 'trash'];

function Recipient({ recipient }: { recipient: TraceOf['recipients'][number] }) {
  const { t } = useText();
  const boxWord = (name: string) => {
    const place = PLACES.find((item) => item === name.toLowerCase());
    return place ? t(`box.${place}`) : cleanLine(name);
  };
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
          {message.mailboxes.map(boxWord).join(', ')}
        </p>
      ))}
    </section>
  );
}
