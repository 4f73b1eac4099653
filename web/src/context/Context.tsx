// Who is behind the open message: one scroll of cards in a fixed order. On narrow windows a drawer, on phones a sheet whose
// handle says what matters most. What could not be loaded is said; for bank details that means: do not pay.
import { Skeleton } from '@mantine/core';
import { IconBan, IconBuildingBank, IconChevronUp, IconClockHour4, IconRosetteDiscountCheck, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, type ReactNode, type Ref } from 'react';
import { useText } from '../i18n';
import { contextQuery, emailQuery } from '../jmap/mail';
import type { BankDetail, BankState, Context as Known, Email } from '../jmap/types';
import { ageOf, count as number, countryName, factDate, shortTime } from '../lib/format';
import { ibanCompact, ibanCompare, ibanCountry, ibanGroups, ibanLike } from '../lib/iban';
import { addressName, cleanLine, initials } from '../lib/text';
import { Chip } from '../mail/Chip';
import { RealAddress } from '../mail/ReaderHead';
import styles from './Context.module.css';

interface ContextProps {
  emailId: string;
  open: boolean;
  onOpen: (open: boolean) => void;
  onMessage: (id: string) => void;
}

/** Account numbers that the guard found in this message itself. */
function mentioned(email: Email): string[] {
  const found = (email.guardFindings ?? [])
    .filter((finding) => finding.code.startsWith('payment'))
    .flatMap((finding) => ['new', 'one', 'two', 'iban'].map((key) => finding.facts[key] ?? ''))
    .filter(ibanLike)
    .map(ibanCompact);
  return [...new Set(found)];
}

export function Context({ emailId, open, onOpen, onMessage }: ContextProps) {
  const { t } = useText();
  const email = useQuery(emailQuery(emailId)).data?.email;
  // Text first: who reads should not wait for what stands beside.
  const query = useQuery({ ...contextQuery(emailId), enabled: email !== undefined });
  const heading = useRef<HTMLHeadingElement>(null);
  const bank = useRef<HTMLElement>(null);
  useEffect(() => {
    if (open) {
      heading.current?.focus({ preventScroll: true });
      // On phones the handle promised the bank details.
      if (window.innerWidth < 768) {
        bank.current?.scrollIntoView({ block: 'start' });
      }
    }
  }, [open]);
  if (!email) {
    return null;
  }
  const known = query.data;
  const here = mentioned(email);
  const strange = here.filter((iban) => !known?.bankDetails.some((detail) => ibanCompact(detail.iban) === iban && detail.state !== 'revoked'));
  const total = (known?.bankDetails.length ?? 0) + strange.length;
  return (
    <aside className={styles.context} data-open={open || undefined} data-pane={'context'} aria-labelledby="context-title">
      {(total > 0 || query.isError) && (
        <button type="button" className={styles.handle} aria-expanded={open} onClick={() => onOpen(!open)}>
          <span className={styles.grip} aria-hidden="true" />
          <IconBuildingBank size={22} stroke={1.75} aria-hidden="true" />
          <span className={styles.handleWord}>{t('context.bank')}</span>
          {strange.length > 0 ? (
            <span className={styles.differs}>≠ {t('context.bank.different', { count: strange.length })}</span>
          ) : (
            <span className={styles.quiet}>{query.isError ? t('context.bank.unchecked') : total}</span>
          )}
          <IconChevronUp className={styles.chevron} size={22} stroke={1.75} aria-hidden="true" />
        </button>
      )}
      <div className={styles.cards}>
        <div className={styles.head}>
          <h2 id="context-title" ref={heading} tabIndex={-1} className={styles.title} data-pane-focus>
            {t('context.title')}
          </h2>
          <button type="button" className={styles.close} aria-label={t('mail.close')} onClick={() => onOpen(false)}>
            <IconX size={18} stroke={1.75} aria-hidden="true" />
          </button>
        </div>
        <Sender email={email} known={known} failed={query.isError} />
        <Company known={known} />
        <Card ref={bank} title={t('context.bank')} number={total}>
          {query.isError ? (
            <p className={styles.unchecked} role="alert">
              {t('context.bank.failed')}
            </p>
          ) : !known ? (
            <Lines />
          ) : (
            <>
              {total === 0 && <p className={styles.quiet}>{t('context.bank.none')}</p>}
              {known.bankDetails.map((detail) => (
                <Detail key={detail.iban} detail={detail} />
              ))}
              {strange.map((iban) => (
                <Strange key={iban} iban={iban} old={known.bankDetails[0]?.iban} />
              ))}
            </>
          )}
        </Card>
        <Card title={t('context.messages')} number={known?.others.length ?? 0}>
          {query.isError ? (
            <p className={styles.quiet}>
              {t('context.failed')}{' '}
              <button type="button" className="textlink" onClick={() => void query.refetch()}>
                {t('app.retry')}
              </button>
            </p>
          ) : !known ? (
            <Lines />
          ) : known.others.length === 0 ? (
            <p className={styles.quiet}>{t('context.messages.none')}</p>
          ) : (
            <Messages known={known} onMessage={onMessage} />
          )}
        </Card>
      </div>
    </aside>
  );
}

function Card({ ref, title, number: total, children }: { ref?: Ref<HTMLElement>; title: string; number?: number; children: ReactNode }) {
  return (
    <section ref={ref} className={styles.card}>
      <h3 className={styles.cardTitle}>
        {title} {total !== undefined && total > 0 && <span>{total}</span>}
      </h3>
      {children}
    </section>
  );
}

function Lines() {
  return (
    <>
      <Skeleton height={12} width="80%" radius={4} mt={4} />
      <Skeleton height={12} width="55%" radius={4} mt={10} />
    </>
  );
}

function Sender({ email, known, failed }: { email: Email; known: Known | undefined; failed: boolean }) {
  const { t, locale } = useText();
  const from = email.from?.[0];
  const name = addressName(from) || t('list.nosender');
  const received = known?.received ?? 0;
  return (
    <Card title={t('context.sender')}>
      <div className={styles.who}>
        <span className={styles.avatar} aria-hidden="true">
          {initials(name)}
        </span>
        <div className={styles.whoText}>
          {name !== cleanLine(from?.email) && <bdi className={styles.name}>{name}</bdi>}
          {from && <RealAddress email={from.email} />}
          {failed ? (
            <p className={styles.quiet}>{t('context.failed')}</p>
          ) : !known ? (
            <Lines />
          ) : received <= 1 ? (
            <p>
              {t('context.first')}
              {(known.domainReceived ?? 0) > received && ` ${t('context.domain', { count: (known.domainReceived ?? 0) - received })}`}
            </p>
          ) : (
            <p>
              {known.firstSeen
                ? t('context.since', { number: number(received, locale), date: factDate(known.firstSeen, locale) })
                : t('context.received', { count: received })}
              {(known.sent ?? 0) > 0 && ` ${t('context.sent', { count: known.sent })}`}
            </p>
          )}
        </div>
      </div>
    </Card>
  );
}

function Company({ known }: { known: Known | undefined }) {
  const { t, locale } = useText();
  if (!known) {
    return null;
  }
  const company = cleanLine(known.company);
  const rows: [string, ReactNode][] = [
    ...(company ? [[t('context.company.name'), <bdi key="n">{company}</bdi>] as [string, ReactNode]] : []),
    [t('context.company.domain'), <strong key="d" className="mono">{known.domain}</strong>],
    ...(known.domainReceived ? [[t('context.company.mail'), t('box.messages', { count: known.domainReceived })] as [string, ReactNode]] : []),
    ...(known.lastSeen ? [[t('context.company.last'), factDate(known.lastSeen, locale)] as [string, ReactNode]] : []),
  ];
  return (
    <Card title={t('context.company')}>
      <dl className={styles.facts}>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {!company && <p className={styles.quiet}>{t('context.company.unknown')}</p>}
    </Card>
  );
}

const STATES: Record<BankState, 'ok' | 'outline' | 'dashed'> = { verified: 'ok', learned: 'outline', seen: 'dashed', revoked: 'dashed' };

/** Where a detail is known from: mail, somebody of the firm by address, or whoever runs the server. */
function sourceKind(source: string): string {
  const known = ['mail', 'person', 'import', 'check'].find((kind) => kind === source);
  return known ?? (source.startsWith('operator') ? 'operator' : source.includes('@') ? 'somebody' : 'other');
}

function Detail({ detail }: { detail: BankDetail }) {
  const { t, locale } = useText();
  const country = countryName(ibanCountry(detail.iban), locale);
  const Mark = detail.state === 'verified' ? IconRosetteDiscountCheck : detail.state === 'revoked' ? IconBan : IconClockHour4;
  const source = cleanLine(detail.source);
  const line = [
    country,
    source && t(`context.source.${sourceKind(source)}`, { source }),
    detail.count ? t('compare.used', { count: detail.count }) : '',
  ].filter(Boolean);
  return (
    <div className={styles.detail}>
      <Chip kind={STATES[detail.state] ?? 'dashed'} icon={Mark}>
        {t(`bank.${detail.state}`)}
      </Chip>
      {detail.firstSeen && (
        <span className={styles.age}>
          {t('context.bank.age', { date: factDate(detail.firstSeen, locale), age: ageOf(detail.firstSeen, locale) })}
        </span>
      )}
      <Iban groups={ibanGroups(detail.iban).map((text) => ({ text, differs: false }))} />
      <p className={styles.source}>{line.join(' · ')}</p>
    </div>
  );
}

/** A number of this message that nothing in the history knows. */
function Strange({ iban, old }: { iban: string; old: string | undefined }) {
  const { t, locale } = useText();
  return (
    <div className={styles.detail}>
      <span className={styles.here}>
        {t('compare.time.new')} <strong className={styles.differs}>≠ {t('context.different')}</strong>
      </span>
      <Iban groups={old ? ibanCompare(old, iban) : ibanGroups(iban).map((text) => ({ text, differs: true }))} />
      <p className={styles.source}>
        {countryName(ibanCountry(iban), locale)} · {t('context.bank.never')}
      </p>
    </div>
  );
}

function Iban({ groups }: { groups: { text: string; differs: boolean }[] }) {
  return (
    <p className={`${styles.iban} mono`}>
      {groups.map((group, index) =>
        group.differs ? (
          <mark key={index} className={styles.mark}>
            {group.text}
          </mark>
        ) : (
          <span key={index}>{group.text}</span>
        ),
      )}
    </p>
  );
}

function Messages({ known, onMessage }: { known: { others: Email[] }; onMessage: (id: string) => void }) {
  const { t, locale } = useText();
  return (
    <ul className={styles.messages}>
      {known.others.map((item) => (
        <li key={item.id}>
          <button type="button" className={styles.message} onClick={() => onMessage(item.id)}>
            <span className={styles.when}>{shortTime(item.receivedAt, locale)}</span>
            <bdi>{cleanLine(item.subject) || t('list.nosubject')}</bdi>
          </button>
        </li>
      ))}
    </ul>
  );
}
