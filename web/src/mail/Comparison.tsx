import { VisuallyHidden } from '@mantine/core';
import { IconEqualNot } from '@tabler/icons-react';
import { useText } from '../i18n';
import type { Finding } from '../jmap/types';
import { countryName, factDate } from '../lib/format';
import { ibanCompare, ibanCountry, ibanDifference, ibanGroups, ibanLike } from '../lib/iban';
import { cleanLine, markDifference } from '../lib/text';
import { pairOf } from './judge';
import styles from './Warning.module.css';

/** Old and new above each other; what differs is marked by shape, by words and for screen readers, not by colour alone. */
export function Comparison({ finding }: { finding: Finding }) {
  const { t } = useText();
  const pair = pairOf(finding);
  if (!pair) {
    return null;
  }
  const old = cleanLine(pair.old);
  const now = cleanLine(pair.now);
  const iban = ibanLike(old) && ibanLike(now);
  const parts = iban ? ibanCompare(old, now) : markDifference(old, now);
  return (
    <dl className={styles.compare} aria-label={t('compare.label')}>
      <div className={styles.side}>
        <dt>
          <strong>{t(`compare.${pair.labels}.old`)}</strong>
          {iban && <Country iban={old} />}
        </dt>
        <dd>
          <span className={`${styles.number} mono`} data-iban={iban || undefined}>
            {iban ? ibanGroups(old).map((group, index) => <span key={index}>{group} </span>) : old}
          </span>
          <Since finding={finding} />
        </dd>
      </div>
      <div className={styles.side}>
        <dt>
          <strong>{t(`compare.${pair.labels}.new`)}</strong>
          {iban && <Country iban={now} />}
        </dt>
        <dd>
          <span className={`${styles.number} mono`} data-iban={iban || undefined}>
            {parts.map((part, index) =>
              part.differs ? (
                <mark key={index} className={styles.differs}>
                  <VisuallyHidden>{t('compare.marked')} </VisuallyHidden>
                  {part.text}
                </mark>
              ) : (
                <span key={index}>{part.text}</span>
              ),
            )}
          </span>
          {iban && <Difference old={old} now={now} />}
        </dd>
      </div>
    </dl>
  );
}

function Country({ iban }: { iban: string }) {
  const { locale } = useText();
  return <span className={styles.country}>{countryName(ibanCountry(iban), locale)}</span>;
}

function Since({ finding }: { finding: Finding }) {
  const { t, locale } = useText();
  const since = finding.facts['since'];
  const times = Number(finding.facts['count'] ?? 0);
  if (!since) {
    return null;
  }
  return (
    <span className={styles.small}>
      {t('compare.since', { date: factDate(cleanLine(since), locale) })}
      {Number.isInteger(times) && times > 0 && `, ${t('compare.used', { count: times })}`}
    </span>
  );
}

function Difference({ old, now }: { old: string; now: string }) {
  const { t, locale } = useText();
  const words = ibanDifference(old, now).map((part) => t(`compare.${part}`));
  if (words.length === 0) {
    return null;
  }
  return (
    <span className={styles.different}>
      <IconEqualNot size={15} stroke={2} aria-hidden="true" />
      <strong>{t('compare.different')}</strong> {new Intl.ListFormat(locale, { type: 'conjunction' }).format(words)}
    </span>
  );
}
