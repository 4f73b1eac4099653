// The domains of the firm: those that are proven, and for each that is not the record to publish and what the DNS says of it.
import { Button } from '@mantine/core';
import {
  IconCircleCheck, IconCircleDashed, IconCircleMinus, IconEqualNot, IconBan, IconPlugConnectedX, IconPlus, IconRefresh, type Icon,
} from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useText } from '../i18n';
import { adminKeys, domainsQuery, verifyDomain } from '../jmap/admin';
import type { Domain } from '../jmap/types';
import { factDate, longTime } from '../lib/format';
import { cleanLine } from '../lib/text';
import { Chip } from '../mail/Chip';
import { useActions } from '../mail/actions';
import { State } from '../shell/State';
import { CopyButton } from './CopyButton';
import { NewDomain, RemoveDomain } from './DomainDialogs';
import styles from './Domains.module.css';
import { PageHead, Waiting, useReason } from './parts';

export function Domains() {
  const { t } = useText();
  const query = useQuery(domainsQuery);
  const [dialog, setDialog] = useState<Domain | 'new' | null>(null);
  // One filled button on a page: while a domain waits for its proof, that is the next step.
  const waiting = query.data?.some((domain) => domain.state === 'pending');
  return (
    <>
      <PageHead title={t('settings.domains')} text={t('domains.text')}>
        <Button h={36} variant={waiting ? 'default' : 'filled'} leftSection={<IconPlus size={18} stroke={1.75} />} onClick={() => setDialog('new')}>
          {t('domains.add')}
        </Button>
      </PageHead>
      {query.isError ? (
        <State title={t('settings.error.title')} text={t('settings.error.text')} action={{ label: t('app.retry'), run: () => void query.refetch() }} />
      ) : !query.data ? (
        <Waiting />
      ) : (
        <ul className={styles.list} aria-label={t('settings.domains')}>
          {query.data.map((domain) => (
            <li key={domain.id} className={styles.item} data-domain={domain.domain} data-state={domain.state}>
              <Row domain={domain} onRemove={() => setDialog(domain)} />
            </li>
          ))}
        </ul>
      )}
      {dialog === 'new' && <NewDomain onClose={() => setDialog(null)} />}
      {dialog !== null && dialog !== 'new' && <RemoveDomain domain={dialog} onClose={() => setDialog(null)} />}
    </>
  );
}

const REASONS: Record<NonNullable<Domain['reason']>, { kind: 'rust' | 'dashed'; icon: Icon }> = {
  notFound: { kind: 'rust', icon: IconCircleMinus },
  wrong: { kind: 'rust', icon: IconEqualNot },
  dns: { kind: 'dashed', icon: IconPlugConnectedX },
  taken: { kind: 'rust', icon: IconBan },
};

/** Proven once, and the record is not there any more: it can be published again. */
function gone(domain: Domain): boolean {
  return domain.state === 'lapsed' || (domain.state === 'proven' && domain.recordValue !== null);
}

function StateChip({ domain }: { domain: Domain }) {
  const { t } = useText();
  if (domain.state === 'lapsed') {
    return (
      <Chip kind="rust" icon={IconCircleMinus}>
        {t('domains.state.lapsed')}
      </Chip>
    );
  }
  if (domain.state === 'proven' && !gone(domain)) {
    return (
      <Chip kind="ok" icon={IconCircleCheck}>
        {t('domains.state.proven')}
      </Chip>
    );
  }
  if (!domain.reason) {
    return (
      <Chip kind="dashed" icon={IconCircleDashed}>
        {t('domains.state.pending')}
      </Chip>
    );
  }
  const { kind, icon } = REASONS[domain.reason];
  return (
    <Chip kind={kind} icon={icon}>
      {t(`domains.state.${domain.reason}`)}
    </Chip>
  );
}

function Row({ domain, onRemove }: { domain: Domain; onRemove: () => void }) {
  const { t, locale } = useText();
  const pending = domain.state === 'pending';
  const meaning = domain.state === 'lapsed' ? 'domains.lapsed' : pending ? 'domains.pending' : 'domains.proven';
  return (
    <>
      <div className={styles.row}>
        <div className={styles.state}>
          <StateChip domain={domain} />
        </div>
        <div className={styles.name}>
          <h2 className="mono">{domain.domain}</h2>
          <p>{t('domains.since', { date: factDate(domain.createdAt, locale) })}</p>
        </div>
        <p className={styles.meaning}>{t(meaning)}</p>
        <Button variant="default" h={32} onClick={onRemove} aria-label={t('domains.remove.name', { domain: domain.domain })}>
          {t('domains.remove')}
        </Button>
      </div>
      {(pending || gone(domain)) && <Proof domain={domain} />}
    </>
  );
}

/** What is to be published, and what was seen when it was looked for. */
function Proof({ domain }: { domain: Domain }) {
  const { t, lang, locale } = useText();
  const { tell } = useActions();
  const reason = useReason();
  const queryClient = useQueryClient();
  const check = useMutation({
    mutationFn: () => verifyDomain(domain.id),
    onSuccess: async (state) => {
      await queryClient.invalidateQueries({ queryKey: adminKeys.domains });
      if (state === 'proven') {
        tell(t('domains.done', { domain: domain.domain }));
      }
    },
  });
  const name = domain.recordName ?? '';
  const said = check.error ? reason(check.error) : cleanLine(domain.reasonText?.[lang]);
  return (
    <section className={styles.proof} aria-label={t('domains.prove', { domain: domain.domain })}>
      <h3>{t('domains.prove', { domain: domain.domain })}</h3>
      <ol>
        <li>{t('domains.prove.open')}</li>
        <li>
          {t('domains.prove.add')}
          <dl className={styles.record}>
            <div>
              <dt>{t('domains.record.type')}</dt>
              <dd className="mono">TXT</dd>
            </div>
            <Part label={t('domains.record.name')} value={name} copy={t('domains.copy.name')} />
            <Part label={t('domains.record.value')} value={domain.recordValue ?? ''} copy={t('domains.copy.value')} />
          </dl>
          {name.endsWith(`.${domain.domain}`) && (
            <p className={styles.hint}>{t('domains.record.short', { label: name.slice(0, -domain.domain.length - 1) })}</p>
          )}
        </li>
        <li>{t('domains.prove.back')}</li>
      </ol>
      <div className={styles.check}>
        <Button
          h={36}
          leftSection={<IconRefresh size={18} stroke={1.75} />}
          aria-disabled={check.isPending || undefined}
          onClick={() => !check.isPending && check.mutate()}
        >
          {t(check.isPending ? 'domains.checking' : 'domains.check')}
        </Button>
        <span className={styles.when}>
          {domain.checkedAt ? t('domains.checked', { when: longTime(domain.checkedAt, locale) }) : t('domains.unchecked')}
        </span>
      </div>
      <p role="status" className={styles.said} data-shown={said !== '' || undefined}>
        {said}
      </p>
    </section>
  );
}

function Part({ label, value, copy }: { label: string; value: string; copy: string }) {
  const text = useRef<HTMLElement>(null);
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <span className="mono" ref={text}>
          {value}
        </span>
        <CopyButton source={text} what={copy} />
      </dd>
    </div>
  );
}
