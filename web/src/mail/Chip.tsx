import { IconLock } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import styles from './Chip.module.css';

/** Always a word. The wax of `stop` means that somebody may lose money, and nothing else. */
export function Chip({ kind, children }: { kind: 'stop' | 'caution' | 'outline'; children: ReactNode }) {
  return (
    <span className={styles.chip} data-kind={kind}>
      {kind === 'stop' && <IconLock size={13} stroke={1.75} aria-hidden="true" />}
      {children}
    </span>
  );
}
