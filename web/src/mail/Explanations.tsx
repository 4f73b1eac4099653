// The words of the guard on a card, and what opens below them.
import { Fragment, useId, useState, type ReactNode } from 'react';
import { useText } from '../i18n';
import type { Finding } from '../jmap/types';
import { count as number, countryName, factDate } from '../lib/format';
import { ibanGroups, ibanLike, ibanSegments } from '../lib/iban';
import { cleanLine } from '../lib/text';
import { familyOf, knownFacts, pairOf, type FactKey, type Judgement } from './judge';
import styles from './Warning.module.css';

/** A sentence of the guard: account numbers in groups, not to be copied; dates as in a book. */
export function Sentence({ text }: { text: string }) {
  const { locale } = useText();
  return ibanSegments(text).map((part, index) =>
    part.iban ? (
      <span key={index} className={`${styles.inline} mono`}>
        {ibanGroups(part.text).join(' ')}
      </span>
    ) : (
      <Fragment key={index}>{part.text.replace(/\b\d{4}-\d{2}-\d{2}\b/g, (date) => factDate(date, locale))}</Fragment>
    ),
  );
}

/** "Why do I see this?" and "N more signs": both open in place, one at a time. */
export function Explanations({ judgement: { main, others, unchecked }, children }: { judgement: Judgement; children?: ReactNode }) {
  const { t } = useText();
  const [open, setOpen] = useState<'why' | 'others' | null>(null);
  const id = useId();
  const toggle = (what: 'why' | 'others') => setOpen(open === what ? null : what);
  return (
    <div className={styles.explain}>
      {!unchecked && (
        <button
          type="button"
          className={`textlink ${styles.why}`}
          aria-expanded={open === 'why'}
          aria-controls={open === 'why' ? id : undefined}
          onClick={() => toggle('why')}
        >
          {t('warn.why')}
        </button>
      )}
      {others.length > 0 && (
        <button
          type="button"
          className="textlink"
          aria-expanded={open === 'others'}
          aria-controls={open === 'others' ? id : undefined}
          onClick={() => toggle('others')}
        >
          {t('warn.others', { count: others.length })}
        </button>
      )}
      {children}
      {open && (
        <div id={id} className={styles.details}>
          {open === 'why' ? <Why finding={main} /> : <Others findings={others} />}
        </div>
      )}
    </div>
  );
}

function Why({ finding }: { finding: Finding | null }) {
  const { t, locale } = useText();
  // What is compared already stands above; level 1 has no comparison.
  const pair = finding && finding.level !== 'note' ? pairOf(finding) : null;
  const facts = finding ? knownFacts(finding).filter(([key]) => !pair?.facts.includes(key)) : [];
  return (
    <>
      <p>{t(`why.${finding ? familyOf(finding.code) : 'other'}`)}</p>
      {facts.length > 0 && (
        <>
          <h3 className={styles.factsTitle}>{t('why.facts')}</h3>
          <dl className={styles.facts}>
            {facts.map(([key, value]) => (
              <div key={key}>
                <dt>{t(`fact.${key}`)}</dt>
                <dd>
                  <bdi>{factText(key, value, locale)}</bdi>
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </>
  );
}

function Others({ findings }: { findings: Finding[] }) {
  const { lang } = useText();
  return (
    <ul className={styles.others}>
      {findings.map((finding, index) => (
        <li key={index}>
          <strong>{cleanLine(finding.title[lang])}</strong> <Sentence text={cleanLine(finding.text[lang])} />
        </li>
      ))}
    </ul>
  );
}

function factText(key: FactKey, value: string, locale: string): string {
  const clean = cleanLine(value);
  switch (key) {
    case 'since':
      return factDate(clean, locale);
    case 'count':
      return /^\d+$/.test(clean) ? number(Number(clean), locale) : clean;
    case 'country':
      return (/^[A-Z]{2}$/.test(clean) && countryName(clean, locale)) || clean;
    case 'old':
    case 'new':
    case 'near':
      return ibanLike(clean) ? ibanGroups(clean).join(' ') : clean;
    default:
      return clean;
  }
}
