import { Modal } from '@mantine/core';
import { useText } from '../i18n';
import { placeOf } from '../jmap/mail';
import type { Mailbox } from '../jmap/types';
import { useBoxName } from './boxName';
import styles from './MoveDialog.module.css';

interface MoveDialogProps {
  boxes: Mailbox[];
  from: Mailbox | undefined;
  count: number;
  onChoose: (box: Mailbox) => void;
  onClose: () => void;
}

/** Mailboxes one can move to, each a button; nothing is moved into Held by hand, nor among drafts. */
export default function MoveDialog({ boxes, from, count, onChoose, onClose }: MoveDialogProps) {
  const { t } = useText();
  const name = useBoxName();
  const targets = boxes.filter((box) => box.id !== from?.id && !['held', 'drafts', 'sent'].includes(placeOf(box) ?? ''));
  return (
    <Modal.Root opened onClose={onClose} size={360} lockScroll={false} transitionProps={{ duration: 0 }} centered>
      <Modal.Overlay />
      <Modal.Content aria-label={t('move.title', { count })}>
        <div className={styles.head}>
          <h2>{t('move.title', { count })}</h2>
          <Modal.CloseButton size={44} aria-label={t('mail.close')} />
        </div>
        <ul className={styles.list}>
          {targets.map((box, index) => (
            <li key={box.id}>
              <button type="button" className={styles.box} data-autofocus={index === 0 || undefined} onClick={() => onChoose(box)}>
                {name(box)}
              </button>
            </li>
          ))}
        </ul>
      </Modal.Content>
    </Modal.Root>
  );
}
