import { useText } from '../i18n';
import type { Address, Email } from '../jmap/types';
import { longTime } from '../lib/format';
import { addressName, addressParts, cleanLine, initials } from '../lib/text';
import styles from './ReaderHead.module.css';

/** More names than this are told as a number. */
const NAMES_MAX = 4;

/** Who wrote, with the true domain in bold beside whatever name they gave themselves. */
export function ReaderHead({ email }: { email: Email }) {
  const { t, locale } = useText();
  const from = email.from?.[0];
  const name = addressName(from) || t('list.nosender');
  const to = useNames(email.to);
  const cc = useNames(email.cc);
  return (
    <div className={styles.head}>
      <span className={styles.avatar} aria-hidden="true">
        {initials(name)}
      </span>
      <div className={styles.who}>
        {name !== cleanLine(from?.email) && <bdi className={styles.name}>{name}</bdi>}
        {from && <RealAddress email={from.email} />}
        <div className={styles.to}>
          {to && <bdi>{t('read.to', { names: to })}</bdi>}
          {to && cc && ' · '}
          {cc && <bdi>{t('read.cc', { names: cc })}</bdi>}
        </div>
      </div>
      <time className={styles.time} dateTime={email.receivedAt}>
        {longTime(email.receivedAt, locale)}
      </time>
    </div>
  );
}

export function RealAddress({ email }: { email: string }) {
  const { local, domain } = addressParts(email);
  return (
    <bdi className={`${styles.address} mono`}>
      {local}
      {domain !== '' && (
        <>
          @<wbr />
          <strong>{domain}</strong>
        </>
      )}
    </bdi>
  );
}

function useNames(addresses: Address[] | null): string {
  const { t } = useText();
  const all = (addresses ?? []).map((address) => addressName(address)).filter((name) => name !== '');
  const shown = all.slice(0, NAMES_MAX).join(', ');
  return all.length > NAMES_MAX ? `${shown} ${t('read.more', { count: all.length - NAMES_MAX })}` : shown;
}
