import { IconX } from '@tabler/icons-react';
import { useText } from '../i18n';
import { useActions } from '../mail/actions';
import styles from './UndoBar.module.css';

/** What was just done, with its way back. Not a warning: another shape, another place. */
export function UndoBar() {
  const { t } = useText();
  const { notice, undo, closeNotice } = useActions();
  return (
    <div role="status" className={styles.region} data-notice={notice ? true : undefined}>
      {notice && (
        <div key={notice.turn} className={styles.bar}>
          <span className={styles.text}>{notice.text}</span>
          {notice.undo && (
            <button type="button" className={styles.undo} onClick={undo}>
              {t('act.undo')}
            </button>
          )}
          <button type="button" className={styles.close} aria-label={t('mail.close')} onClick={closeNotice}>
            <IconX size={18} stroke={1.75} aria-hidden="true" />
          </button>
        </div>
      )}
    </div>
  );
}
