import { Button, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useText } from '../i18n';
import { adminKeys, createDomain, destroyDomain, domainsQuery } from '../jmap/admin';
import type { Domain } from '../jmap/types';
import { factDate } from '../lib/format';
import { State } from '../shell/State';
import { FormDialog, PageHead, Waiting, useReason } from './parts';
import { useSaving } from './saving';
import styles from './Settings.module.css';

export function Domains() {
  const { t, locale } = useText();
  const query = useQuery(domainsQuery);
  const [dialog, setDialog] = useState<Domain | 'new' | null>(null);
  return (
    <>
      <PageHead title={t('settings.domains')} text={t('domains.text')}>
        <Button h={36} leftSection={<IconPlus size={18} stroke={1.75} />} onClick={() => setDialog('new')}>
          {t('domains.add')}
        </Button>
      </PageHead>
      {query.isError ? (
        <State title={t('settings.error.title')} text={t('settings.error.text')} action={{ label: t('app.retry'), run: () => void query.refetch() }} />
      ) : !query.data ? (
        <Waiting />
      ) : (
        <div className={styles.table} role="group" aria-label={t('settings.domains')} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('context.company.domain')}</th>
                <th scope="col">{t('domains.since')}</th>
                <th scope="col" className={styles.acts}>
                  {t('people.change')}
                </th>
              </tr>
            </thead>
            <tbody>
              {query.data.map((domain) => (
                <tr key={domain.id}>
                  <td>
                    <strong className={styles.mono}>{domain.domain}</strong>
                  </td>
                  <td>{factDate(domain.createdAt, locale)}</td>
                  <td className={styles.acts}>
                    <Button variant="default" h={32} onClick={() => setDialog(domain)} aria-label={t('domains.remove.name', { domain: domain.domain })}>
                      {t('domains.remove')}
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {dialog === 'new' && <NewDomain onClose={() => setDialog(null)} />}
      {dialog !== null && dialog !== 'new' && <RemoveDomain domain={dialog} onClose={() => setDialog(null)} />}
    </>
  );
}

function NewDomain({ onClose }: { onClose: () => void }) {
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

function RemoveDomain({ domain, onClose }: { domain: Domain; onClose: () => void }) {
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
