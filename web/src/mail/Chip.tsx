import { IconLock, type Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import styles from './Chip.module.css';

interface ChipProps {
  kind: 'stop' | 'caution' | 'outline' | 'ok' | 'rust' | 'dashed';
  icon?: Icon;
  children: ReactNode;
}

/** Always a word. The wax of `stop` means that somebody may lose money, and nothing else; dashed is "not decided yet". */
export function Chip({ kind, icon, children }: ChipProps) {
  const Mark = kind === 'stop' ? IconLock : icon;
  return (
    <span className={styles.chip} data-kind={kind}>
      {Mark && <Mark size={13} stroke={1.75} aria-hidden="true" />}
      {children}
    </span>
  );
}
