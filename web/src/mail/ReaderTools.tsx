// What can be done with the open message: buttons where there is room, the same in a menu where there is none.
import { Menu, VisuallyHidden } from '@mantine/core';
import { IconArchive, IconDots, IconFlag, IconFolderSymlink, IconTrash, type Icon } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useText } from '../i18n';
import { client, placeOf } from '../jmap/mail';
import type { Email, Mailbox } from '../jmap/types';
import { runCommand, type Command } from '../keys/keys';
import { useActions } from './actions';
import { isHeld, isUnread } from './judge';
import styles from './Reader.module.css';

function Tool({ icon: Mark, word, run, roomy }: { icon: Icon; word: string; run: () => void; roomy?: boolean }) {
  return (
    <button type="button" className={`${styles.tool} ${styles.wide} ${roomy ? styles.roomy : ''}`} onClick={run}>
      <Mark size={18} stroke={1.75} aria-hidden="true" />
      {word}
    </button>
  );
}

export function Tools({ email, box }: { email: Email; box: Mailbox | undefined }) {
  const { t } = useText();
  const { readOnly } = useActions();
  const place = box ? placeOf(box) : null;
  if (readOnly || isHeld(email)) {
    return null;
  }
  return (
    <>
      {place !== 'archive' && <Tool icon={IconArchive} word={t('key.archive')} run={() => runCommand('archive')} />}
      {place !== 'trash' && <Tool icon={IconTrash} word={t('key.trash')} run={() => runCommand('trash')} />}
      <Tool icon={IconFolderSymlink} word={t('key.move')} run={() => runCommand('move')} roomy />
      <Tool icon={IconFlag} word={t(email.keywords['$flagged'] ? 'read.unflag' : 'read.flag')} run={() => runCommand('flag')} roomy />
    </>
  );
}

export function More({ email, box }: { email: Email; box: Mailbox | undefined }) {
  const { t } = useText();
  const actions = useActions();
  const held = isHeld(email);
  const place = box ? placeOf(box) : null;
  const [source, setSource] = useState<string | null>(null);
  useEffect(() => {
    if (email.blobId && !held) {
      void client.downloadUrl(email.blobId, 'message.eml', 'message/rfc822').then(setSource, () => undefined);
    }
  }, [email.blobId, held]);
  const [destroying, setDestroying] = useState(false);
  if (actions.readOnly && !source) {
    return null;
  }
  return (
    <Menu
      position="bottom-end"
      width={250}
      offset={4}
      returnFocus
      withinPortal={false}
      withInitialFocusPlaceholder={false}
      transitionProps={{ duration: 0 }}
      onClose={() => setDestroying(false)}
      closeOnItemClick
    >
      <Menu.Target>
        <button type="button" className={styles.tool}>
          <IconDots size={18} stroke={1.75} aria-hidden="true" />
          <span className={styles.wide}>{t('mail.more')}</span>
          <VisuallyHidden className={styles.phoneOnly ?? ''}>{t('mail.more')}</VisuallyHidden>
        </button>
      </Menu.Target>
      <Menu.Dropdown className={styles.menu ?? ''}>
        {!actions.readOnly && (
          <>
            {!held && (
              <>
                {place !== 'archive' && <PhoneItem word={t('key.archive')} command="archive" />}
                {place !== 'trash' && <PhoneItem word={t('key.trash')} command="trash" />}
                <PhoneItem word={t('key.move')} command="move" narrow />
                <PhoneItem word={t(email.keywords['$flagged'] ? 'read.unflag' : 'read.flag')} command="flag" narrow />
              </>
            )}
            <Menu.Item onClick={() => runCommand('unread')}>{t(isUnread(email) ? 'read.markread' : 'read.markunread')}</Menu.Item>
            {!held && <Menu.Item onClick={() => runCommand('junk')}>{t(place === 'junk' ? 'act.notjunk' : 'key.junk')}</Menu.Item>}
            <Menu.Item onClick={() => runCommand('report')}>{t('key.report')}</Menu.Item>
            {held && <Menu.Item onClick={() => runCommand('trash')}>{t('held.discard')}</Menu.Item>}
            {place === 'trash' &&
              (destroying ? (
                <Menu.Item onClick={() => void actions.destroy([email.id])}>{t('act.destroy.sure')}</Menu.Item>
              ) : (
                <Menu.Item closeMenuOnClick={false} onClick={() => setDestroying(true)}>
                  {t('act.destroy')}
                </Menu.Item>
              ))}
          </>
        )}
        {source && (
          <Menu.Item component="a" href={source} download>
            {t('read.source')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** In the menu only where its button has no room. */
function PhoneItem({ word, command, narrow }: { word: string; command: Command; narrow?: boolean }) {
  return (
    <Menu.Item className={(narrow ? styles.narrowOnly : styles.phoneOnly) ?? ''} onClick={() => runCommand(command)}>
      {word}
    </Menu.Item>
  );
}
