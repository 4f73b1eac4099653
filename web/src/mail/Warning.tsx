// The three warning levels. They share no class, place, motion or gesture with anything else in the panel.
import { Button, VisuallyHidden } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Suspense, lazy, useId, useState, type Ref } from 'react';
import { useText } from '../i18n';
import type { Email } from '../jmap/types';
import { cleanLine, lowerFirst, upperFirst } from '../lib/text';
import { SEAL } from '../shell/Brand';
import { useActions } from './actions';
import { Comparison } from './Comparison';
import { Explanations, Sentence } from './Explanations';
import { isHeld, touches, type Judgement } from './judge';
import styles from './Warning.module.css';

const ReleaseDialog = lazy(() => import('./ReleaseDialog'));

interface WarningProps {
  ref: Ref<HTMLElement>;
  judgement: Judgement;
  email: Email;
  linksOpened: boolean;
  onOpenLinks: () => void;
  onGone: (id: string) => void;
}

/** A title may already begin with the word of the level, which the card itself says. */
function bareTitle(title: string, level: string): string {
  const start = `${level}: `.toLowerCase();
  return title.toLowerCase().startsWith(start) ? upperFirst(title.slice(start.length)) : title;
}

/** The words of a card: the finding's own, else those of a held or an unchecked message. */
function useWords(judgement: Judgement): { title: string; text: string } {
  const { t, lang } = useText();
  const { main, unchecked } = judgement;
  if (main) {
    return { title: bareTitle(cleanLine(main.title[lang]), t(`warn.${judgement.level}`)), text: cleanLine(main.text[lang]) };
  }
  const kind = unchecked ? 'unchecked' : 'held';
  return { title: t(`warn.${kind}.title`), text: t(`warn.${kind}.text`) };
}

export function Warning(props: WarningProps) {
  switch (props.judgement.level) {
    case 'stop':
      return <Stop {...props} />;
    case 'caution':
      return <Caution {...props} />;
    case 'note':
      return <Note judgement={props.judgement} />;
  }
}

function Stop({ ref, judgement, email, onGone }: WarningProps) {
  const { t } = useText();
  const actions = useActions();
  const [paid, setPaid] = useState(false);
  const [releasing, setReleasing] = useState(false);
  const held = isHeld(email);
  const reported = email.guardReported?.as === 'fraud';
  const id = useId();
  const { title, text } = useWords(judgement);
  return (
    <section ref={ref} tabIndex={-1} className={styles.stop} aria-labelledby={id} data-warning="stop">
      <div className={styles.band}>
        <span className={styles.word} aria-hidden="true">{t('warn.stop')}</span>
        <h2 id={id} className={styles.stopTitle}>
          <VisuallyHidden>{t('warn.stop')}: </VisuallyHidden>
          {title}
        </h2>
        <Seal />
      </div>
      <div className={styles.stopBody}>
        <p className={styles.stopText}>
          <Sentence text={text} />
        </p>
        {judgement.main && <Comparison finding={judgement.main} />}
        {!actions.readOnly && (
          <div className={styles.acts}>
            {!reported && (
              <Button size="md" h={44} fz={15} onClick={() => void actions.reportAs([email.id], 'fraud')}>
                {t('key.report')}
              </Button>
            )}
            {held && (
              <Button
                size="md"
                h={44}
                fz={15}
                variant={reported ? 'filled' : 'default'}
                onClick={() => {
                  void actions.discard([email.id]).then((done) => done && onGone(email.id));
                }}
              >
                {t('held.discard')}
              </Button>
            )}
            <button type="button" className={`textlink ${styles.paid}`} aria-expanded={paid} onClick={() => setPaid(!paid)}>
              {t('held.paid')}
            </button>
          </div>
        )}
        {paid && <Paid />}
      </div>
      <div className={styles.foot}>
        <Explanations judgement={judgement}>
          {held && !actions.readOnly && (
            <button type="button" className="textlink" onClick={() => setReleasing(true)}>
              {t('held.release')}
            </button>
          )}
        </Explanations>
      </div>
      {releasing && (
        <Suspense>
          <ReleaseDialog email={email} onClose={() => setReleasing(false)} onGone={onGone} />
        </Suspense>
      )}
    </section>
  );
}

/** Whether there is anything to switch off. */
function hasLinks(email: Email): boolean {
  return Object.values(email.bodyValues).some((value) => /<a\s|https?:\/\//i.test(value.value));
}

/** Time matters more than anything else here, so it opens in place and needs nothing. */
function Paid() {
  const { t } = useText();
  return (
    <div className={styles.paidBody}>
      <h3>{t('paid.title')}</h3>
      <ol>
        <li>{t('paid.bank')}</li>
        <li>{t('paid.police')}</li>
        <li>{t('paid.keep')}</li>
        <li>{t('paid.supplier')}</li>
      </ol>
    </div>
  );
}

function Seal() {
  return (
    <svg className={styles.seal} viewBox="-2 -2 52 52" aria-hidden="true">
      <path d={SEAL} fill="var(--wax)" stroke="var(--seal-edge)" strokeWidth="2" />
      <circle cx="24" cy="24" r="15.9" fill="none" stroke="#fff" strokeOpacity=".4" strokeWidth="1.2" />
      <g fill="none" stroke="#fff" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round">
        <rect x="17.5" y="22.5" width="13" height="9" rx="1.6" />
        <path d="M20.3 22.5v-2.6a3.7 3.7 0 0 1 7.4 0v2.6" />
      </g>
    </svg>
  );
}

function Caution({ judgement, email, linksOpened, onOpenLinks }: WarningProps) {
  const { t } = useText();
  const actions = useActions();
  const links = hasLinks(email);
  const id = useId();
  const { title, text } = useWords(judgement);
  return (
    <section className={styles.caution} aria-labelledby={id} data-warning="caution" data-touches={touches(judgement)}>
      <IconAlertTriangle size={22} stroke={1.75} aria-hidden="true" />
      <div className={styles.cautionBody}>
        <h2 id={id} className={styles.cautionTitle}>
          {t('warn.caution')}: {lowerFirst(title)}
        </h2>
        <p>
          <Sentence text={text} />
        </p>
        {judgement.main && <Comparison finding={judgement.main} />}
        {links && <p className={styles.blocked}>{t(linksOpened ? 'caution.opened' : 'caution.blocked')}</p>}
        <div className={styles.acts}>
          {!actions.readOnly && !email.guardReported && (
            <>
              <Button h={36} onClick={() => void actions.reportAs([email.id], 'fraud')}>
                {t('key.report')}
              </Button>
              <button type="button" className="textlink" onClick={() => void actions.reportAs([email.id], 'honest')}>
                {t('caution.honest')}
              </button>
            </>
          )}
          {links && !linksOpened && (
            <button type="button" className="textlink" onClick={onOpenLinks}>
              {t('caution.links')}
            </button>
          )}
        </div>
        <Explanations judgement={judgement} />
      </div>
    </section>
  );
}

function Note({ judgement }: { judgement: Judgement }) {
  const { t } = useText();
  const { text } = useWords(judgement);
  return (
    <section className={styles.note} aria-label={t('warn.note')} data-warning="note">
      <p className={styles.noteLine}>
        <span className={styles.noteWord}>{t('warn.note')}</span> <Sentence text={text} />
      </p>
      <Explanations judgement={judgement} />
    </section>
  );
}
