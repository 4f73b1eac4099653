import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useText } from '../i18n';
import { adminKeys, createDomain, destroyDomain } from '../jmap/admin';
import type { Domain } from '../jmap/types';
import { FormDialog, useReason } from './parts';
import { useSaving } from './saving';
import styles from './Settings.module.css';

export function NewDomain({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const reason = useReason();
  const [domain, setDomain] = useState('');
  const [tried, setTried] = useState(false);
  const saving = useSaving(adminKeys.domains, onClose, t('domains.added'));
  const bad = !/^(?:[\p{L}\p{N}-]+\.)+[\p{L}\p{N}-]{2,}$/u.test(domain.trim());
  return (
    <FormDialog
      title={t('domains.add')}
      onClose={onClose}
      error={saving.error ? reason(saving.error) : ''}
      onSubmit={() => {
        setTried(true);
        if (!bad) {
          saving.mutate(() => createDomain(domain.trim().toLowerCase()));
        }
      }}
    >
      <TextInput
        label={t('context.company.domain')}
        placeholder="azienda.example"
        data-autofocus
        autoCapitalize="none"
        spellCheck={false}
        value={domain}
        onChange={(event) => setDomain(event.currentTarget.value)}
        error={tried && bad ? t('domains.missing') : null}
      />
      <div className={styles.buttons}>
        <Button type="submit" h={36} loading={saving.isPending}>
          {t('domains.add')}
        </Button>
      </div>
    </FormDialog>
  );
}

export function RemoveDomain({ domain, onClose }: { domain: Domain; onClose: () => void }) {
  const { t } = useText();
  const reason = useReason();
  const [typed, setTyped] = useState('');
  const [tried, setTried] = useState(false);
  const saving = useSaving(adminKeys.domains, onClose, t('domains.removed'));
  const bad = typed.trim().toLowerCase() !== domain.domain;
  return (
    <FormDialog
      title={t('domains.remove.name', { domain: domain.domain })}
      onClose={onClose}
      error={saving.error ? reason(saving.error) : ''}
      onSubmit={() => {
        setTried(true);
        if (!bad) {
          saving.mutate(() => destroyDomain(domain.id));
        }
      }}
    >
      <p>{t('domains.remove.text')}</p>
      <TextInput
        label={t('domains.remove.type', { domain: domain.domain })}
        data-autofocus
        value={typed}
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => setTyped(event.currentTarget.value)}
        error={tried && bad ? t('domains.remove.wrong') : null}
      />
      <div className={styles.buttons}>
        <Button h={36} onClick={onClose}>
          {t('domains.keep')}
        </Button>
        <Button type="submit" h={36} variant="default" loading={saving.isPending}>
          {t('domains.remove')}
        </Button>
      </div>
    </FormDialog>
  );
}
