// The way out of a hold: small, slow and written down. The safe answer is the big button.
import { Button, Checkbox, Modal, Textarea } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useText } from '../i18n';
import { releaseHeld } from '../jmap/actions';
import type { Email } from '../jmap/types';
import { addressParts } from '../lib/text';
import { useActions } from './actions';
import styles from './ReleaseDialog.module.css';

const REASON_LEAST = 10;
const REASON_MOST = 500;

interface ReleaseDialogProps {
  email: Email;
  onClose: () => void;
  onGone: (id: string) => void;
}

export default function ReleaseDialog({ email, onClose, onGone }: ReleaseDialogProps) {
  const { t } = useText();
  const { reload, tell } = useActions();
  const navigate = useNavigate();
  const [reason, setReason] = useState('');
  const [called, setCalled] = useState(false);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const short = reason.trim().length < REASON_LEAST;

  async function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (short || !called) {
      return;
    }
    setBusy(true);
    setFailed(false);
    try {
      const fresh = await releaseHeld(email.id, reason.trim());
      onGone(email.id);
      await reload();
      tell(t('release.done'));
      void navigate({ to: '/mail/$box/$email', params: { box: 'inbox', email: fresh } });
    } catch {
      // Never shown as done before the server said so.
      setFailed(true);
      setBusy(false);
    }
  }

  return (
    <Modal.Root opened onClose={onClose} size={520} lockScroll={false} transitionProps={{ duration: 0 }} centered>
      <Modal.Overlay />
      <Modal.Content aria-label={t('release.title')}>
        <form onSubmit={(event) => void submit(event)} noValidate>
          <div className={styles.head}>
            <h2>{t('release.title')}</h2>
            <Modal.CloseButton size={44} aria-label={t('mail.close')} />
          </div>
          <div className={styles.body}>
            <p>{t('release.text', { domain: addressParts(email.from?.[0]?.email ?? '').domain || '?' })}</p>
            <Checkbox
              data-autofocus
              label={t('release.called')}
              checked={called}
              onChange={(event) => setCalled(event.currentTarget.checked)}
              error={tried && !called ? t('release.called.missing') : null}
            />
            <Textarea
              label={t('release.reason')}
              description={t('release.reason.text')}
              value={reason}
              maxLength={REASON_MOST}
              rows={3}
              onChange={(event) => setReason(event.currentTarget.value)}
              error={tried && short ? t('release.reason.missing') : null}
            />
            <div role="alert">{failed && <p className={styles.failed}>{t('release.failed')}</p>}</div>
            <div className={styles.acts}>
              <Button h={44} onClick={onClose}>
                {t('release.keep')}
              </Button>
              <Button h={44} variant="default" type="submit" loading={busy}>
                {t('release.submit')}
              </Button>
            </div>
          </div>
        </form>
      </Modal.Content>
    </Modal.Root>
  );
}
