// What can be done with the chosen rows; it stands where the list's title was.
import { IconArchive, IconDots, IconTrash, IconX } from '@tabler/icons-react';
import { Menu } from '@mantine/core';
import { useText } from '../i18n';
import { placeOf } from '../jmap/mail';
import type { Mailbox } from '../jmap/types';
import { runCommand } from '../keys/keys';
import styles from './BulkBar.module.css';

interface BulkBarProps {
  box: Mailbox | undefined;
  selection: ReadonlySet<string>;
  onClear: () => void;
}

export function BulkBar({ box, selection, onClear }: BulkBarProps) {
  const { t } = useText();
  const place = box ? placeOf(box) : null;
  const held = place === 'held';
  return (
    <div className={styles.bar} role="toolbar" aria-label={t('bulk.label')}>
      <button type="button" className={styles.icon} aria-label={t('bulk.clear')} onClick={onClear}>
        <IconX size={18} stroke={1.75} aria-hidden="true" />
      </button>
      <span className={styles.count} role="status">
        {t('bulk.count', { count: selection.size })}
      </span>
      {!held && place !== 'archive' && (
        <button type="button" className={styles.act} onClick={() => runCommand('archive')}>
          <IconArchive size={18} stroke={1.75} aria-hidden="true" />
          {t('key.archive')}
        </button>
      )}
      {place !== 'trash' && (
        <button type="button" className={styles.act} onClick={() => runCommand('trash')}>
          <IconTrash size={18} stroke={1.75} aria-hidden="true" />
          {t('key.trash')}
        </button>
      )}
      <Menu position="bottom-end" offset={4} withinPortal={false} withInitialFocusPlaceholder={false} transitionProps={{ duration: 0 }}>
        <Menu.Target>
          <button type="button" className={styles.icon} aria-label={t('mail.more')}>
            <IconDots size={18} stroke={1.75} aria-hidden="true" />
          </button>
        </Menu.Target>
        <Menu.Dropdown className={styles.menu ?? ''}>
          {!held && <Menu.Item onClick={() => runCommand('move')}>{t('key.move')}</Menu.Item>}
          <Menu.Item onClick={() => runCommand('unread')}>{t('key.unread')}</Menu.Item>
          <Menu.Item onClick={() => runCommand('flag')}>{t('key.flag')}</Menu.Item>
          {!held && <Menu.Item onClick={() => runCommand('junk')}>{t(place === 'junk' ? 'act.notjunk' : 'key.junk')}</Menu.Item>}
          <Menu.Item onClick={() => runCommand('report')}>{t('key.report')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
