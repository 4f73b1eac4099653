// What the pages of an administrator have in common.
import { Modal, Skeleton } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { useText } from '../i18n';
import { Fault } from '../jmap/client';
import styles from './Settings.module.css';

export function PageHead({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <div className={styles.head}>
      <div>
        <h1 tabIndex={-1} data-pane-focus>
          {title}
        </h1>
        <p>{text}</p>
      </div>
      {children}
    </div>
  );
}

export function Waiting() {
  const { t } = useText();
  return (
    <div role="status" aria-label={t('app.loading')}>
      {Array.from({ length: 5 }, (_, index) => (
        <Skeleton key={index} height={44} mt={8} radius={4} />
      ))}
    </div>
  );
}

/** The reason in the person's words where there are some, else the server's own name of it. */
export function useReason(): (error: unknown) => string {
  const { t, lang } = useText();
  return (error) => {
    if (error instanceof Fault && error.kind === 'method') {
      if (error.why) {
        return error.why[lang];
      }
      const known = ['alreadyExists', 'forbidden', 'invalidProperties', 'overQuota', 'tooLarge', 'notFound'].find((item) => item === error.detail);
      return known ? t(`fault.${known}`) : t('fault.other', { code: error.detail });
    }
    return t('fault.network');
  };
}

interface FormDialogProps {
  title: string;
  onClose: () => void;
  onSubmit: () => void;
  error: string;
  children: ReactNode;
}

export function FormDialog({ title, onClose, onSubmit, error, children }: FormDialogProps) {
  const { t } = useText();
  return (
    <Modal.Root opened onClose={onClose} size={460} lockScroll={false} transitionProps={{ duration: 0 }} centered>
      <Modal.Overlay />
      <Modal.Content aria-label={title}>
        <form
          noValidate
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            onSubmit();
          }}
        >
          <div className={styles.dialogHead}>
            <h2>{title}</h2>
            <Modal.CloseButton size={44} aria-label={t('mail.close')} />
          </div>
          <div className={styles.dialogBody}>
            {children}
            <div role="alert">{error && <p className={styles.error}>{error}</p>}</div>
          </div>
        </form>
      </Modal.Content>
    </Modal.Root>
  );
}
