import { IconHistory } from '@tabler/icons-react';
import { useText } from '../i18n';
import type { Email } from '../jmap/types';
import { longTime } from '../lib/format';
import { cleanLine } from '../lib/text';
import styles from './Reader.module.css';

/** What people decided about this message, as grey lines of history. */
export function DecisionLine({ report, released }: { report: Email['guardReported']; released: string | null }) {
  const { t, locale } = useText();
  return (
    <>
      {released !== null && (
        <p className={styles.decision} data-decision="released">
          <IconHistory size={15} stroke={1.75} aria-hidden="true" />
          {t('decision.released', { title: released })}
        </p>
      )}
      {report && (
        <p className={styles.decision} data-decision={report.as}>
          <IconHistory size={15} stroke={1.75} aria-hidden="true" />
          {t(`decision.${report.as}`, { by: cleanLine(report.by), when: longTime(report.at, locale) })}
        </p>
      )}
    </>
  );
}
