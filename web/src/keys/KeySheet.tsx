// Every key of the panel on one sheet, with the switch for letters on top.
import { Modal, Switch } from '@mantine/core';
import { useText } from '../i18n';
import { BINDINGS, useLetters, type Command } from './keys';
import styles from './KeySheet.module.css';

const FIXED: readonly [string, string][] = [
  ['arrows', '↑ ↓'],
  ['open', 'Enter'],
  ['escape', 'Esc'],
  ['extend', 'Shift ↑ ↓'],
  ['panes', 'F6'],
  ['palette', 'Ctrl K'],
  ['sheet', 'F1'],
];

export default function KeySheet({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const [on, , set] = useLetters();
  const label = (keys: string) =>
    keys
      .split(' ')
      .map((key) => ({ Delete: t('key.delete'), Enter: t('key.enter') })[key] ?? (key.length === 1 && /[a-z]/.test(key) ? key.toUpperCase() : key));
  return (
    <Modal.Root opened onClose={onClose} size={720} lockScroll={false} transitionProps={{ duration: 0 }} centered>
      <Modal.Overlay />
      <Modal.Content aria-label={t('key.title')}>
        <div className={styles.head}>
          <h2>{t('key.title')}</h2>
          <Modal.CloseButton size={44} aria-label={t('mail.close')} />
        </div>
        <div className={styles.switch}>
          <Switch data-autofocus checked={on} onChange={(event) => set(event.currentTarget.checked)} label={t('key.letters')} description={t('key.letters.text')} size="md" />
        </div>
        <div className={styles.columns}>
          <section>
            <h3>{t('key.always')}</h3>
            <dl>
              {FIXED.map(([name, keys]) => (
                <Line key={name} word={t(`key.${name}`)} keys={label(keys)} />
              ))}
              <Line word={t('key.trash')} keys={label('Delete')} />
            </dl>
          </section>
          <section data-off={!on || undefined}>
            <h3>{t('key.group.letters')}</h3>
            <dl>
              {on && <Line word={t('key.sheet')} keys={['?']} />}
              {BINDINGS.filter((item) => !item.always).map((item) => (
                <Line key={item.command} word={t(`key.${item.command satisfies Command}`)} keys={label(item.keys)} />
              ))}
            </dl>
          </section>
        </div>
      </Modal.Content>
    </Modal.Root>
  );
}

function Line({ word, keys }: { word: string; keys: string[] }) {
  return (
    <div className={styles.line}>
      <dt>{word}</dt>
      <dd>
        {keys.map((key, index) => (
          <kbd key={index}>{key}</kbd>
        ))}
      </dd>
    </div>
  );
}
