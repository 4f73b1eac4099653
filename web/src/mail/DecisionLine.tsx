import { IconHistory } from '@tabler/icons-react';
import { useText } from '../i18n';
import type { ReportAs } from '../jmap/types';
import styles from './Reader.module.css';

/** What a person decided about this message, as a grey line of history. */
export function DecisionLine({ as }: { as: ReportAs | undefined }) {
  const { t } = useText();
  return as ? (
    <p className={styles.decision}>
      <IconHistory size={15} stroke={1.75} aria-hidden="true" />
      {t(`decision.${as}`)}
    </p>
  ) : null;
}
