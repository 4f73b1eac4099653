import { SegmentedControl } from '@mantine/core';
import styles from './LangSwitch.module.css';
import { setLang, useText, type Lang } from '../i18n';

/** Each language is named in itself, so that whoever needs it can read it. */
export function LangSwitch() {
  const { t, lang } = useText();
  return (
    <SegmentedControl
      aria-label={t('app.language')}
      value={lang}
      onChange={(value) => setLang(value as Lang)}
      classNames={{ root: styles.root ?? '', label: styles.label ?? '', indicator: styles.indicator ?? '' }}
      size="sm"
      transitionDuration={0}
      data={[
        { value: 'it', label: <span lang="it">Italiano</span> },
        { value: 'en', label: <span lang="en">English</span> },
      ]}
    />
  );
}
