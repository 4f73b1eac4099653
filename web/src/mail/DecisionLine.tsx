import { IconHistory } from '@tabler/icons-react';
import { useText } from '../i18n';
import type { ReportAs } from '../jmap/types';
import styles from './Reader.module.css';

/** What people decided about this message, as grey lines of history. */
export function DecisionLine({ as, released }: { as: ReportAs | undefined; released: string | null }) {
  const { t } = useText();
  return (
    <>
      {released !== null && (
        <p className={styles.decision} data-decision="released">
          <IconHistory size={15} stroke={1.75} aria-hidden="true" />
          {t('decision.released', { title: released })}
        </p>
      )}
      {as && (
        <p className={styles.decision} data-decision={as}>
          <IconHistory size={15} stroke={1.75} aria-hidden="true" />
          {t(`decision.${as}`)}
        </p>
      )}
    </>
  );
}
