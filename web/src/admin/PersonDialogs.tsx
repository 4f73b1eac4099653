import { Button, Checkbox, NativeSelect, NumberInput, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useText } from '../i18n';
import { adminKeys, createPerson, updatePerson } from '../jmap/admin';
import type { Person } from '../jmap/types';
import { RealAddress } from '../mail/ReaderHead';
import { useMe } from '../shell/session';
import { FormDialog, useReason } from './parts';
import { useSaving } from './saving';
import styles from './Settings.module.css';

const PASSWORD_LEAST = 10;
const MB = 1_000_000;

export function NewPerson({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const reason = useReason();
  const [address, setAddress] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const saving = useSaving(adminKeys.people, onClose, t('people.added'));
  const badAddress = !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(address.trim());
  const badPassword = password.length < PASSWORD_LEAST;
  return (
    <FormDialog
      title={t('people.add')}
      onClose={onClose}
      error={saving.error ? reason(saving.error) : ''}
      onSubmit={() => {
        setTried(true);
        if (!badAddress && !badPassword) {
          saving.mutate(() => createPerson({ address: address.trim(), name: name.trim(), password }));
        }
      }}
    >
      <TextInput label={t('people.name')} value={name} data-autofocus autoComplete="off" onChange={(event) => setName(event.currentTarget.value)} />
      <TextInput
        label={t('login.address')}
        type="email"
        autoComplete="off"
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
        error={tried && badAddress ? t('people.address.missing') : null}
      />
      <PasswordInput
        label={t('people.password')}
        description={t('people.password.text', { count: PASSWORD_LEAST })}
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={tried && badPassword ? t('people.password.short', { count: PASSWORD_LEAST }) : null}
        visibilityToggleButtonProps={{ 'aria-label': t('login.password.show'), tabIndex: 0 }}
      />
      <div className={styles.buttons}>
        <Button type="submit" h={36} loading={saving.isPending}>
          {t('people.add')}
        </Button>
      </div>
    </FormDialog>
  );
}

export function ChangePerson({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useText();
  const reason = useReason();
  const own = useMe().data?.address === person.address;
  const [name, setName] = useState(person.name);
  const [role, setRole] = useState(person.role);
  const [quota, setQuota] = useState<number | string>(person.quotaBytes > 0 ? Math.round(person.quotaBytes / MB) : '');
  const [password, setPassword] = useState('');
  const [keepTokens, setKeepTokens] = useState(false);
  const [tried, setTried] = useState(false);
  const saving = useSaving(adminKeys.people, onClose, t('people.saved'));
  const badPassword = password !== '' && password.length < PASSWORD_LEAST;

  function patch(): Record<string, unknown> {
    const quotaBytes = quota === '' ? 0 : Math.round(Number(quota) * MB);
    return {
      ...(name.trim() !== person.name ? { name: name.trim() } : {}),
      ...(role !== person.role ? { role } : {}),
      ...(quotaBytes !== Math.round(person.quotaBytes / MB) * MB ? { quotaBytes } : {}),
      ...(password ? { password, ...(keepTokens ? { keepTokens } : {}) } : {}),
    };
  }

  return (
    <FormDialog
      title={person.name || person.address}
      onClose={onClose}
      error={saving.error ? reason(saving.error) : ''}
      onSubmit={() => {
        setTried(true);
        if (!badPassword) {
          const changes = patch();
          if (Object.keys(changes).length === 0) {
            onClose();
          } else {
            saving.mutate(() => updatePerson(person.id, changes));
          }
        }
      }}
    >
      <RealAddress email={person.address} />
      <TextInput label={t('people.name')} value={name} data-autofocus onChange={(event) => setName(event.currentTarget.value)} />
      <NativeSelect
        label={t('people.role')}
        value={role}
        disabled={own}
        description={own ? t('people.own') : undefined}
        onChange={(event) => setRole(event.currentTarget.value as Person['role'])}
        data={[
          { value: 'member', label: t('role.member') },
          { value: 'admin', label: t('role.admin') },
        ]}
      />
      <NumberInput label={t('people.quota')} description={t('people.quota.text')} value={quota} min={0} allowDecimal={false} allowNegative={false} hideControls onChange={setQuota} />
      <PasswordInput
        label={t('people.reset')}
        description={t('people.reset.text')}
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={tried && badPassword ? t('people.password.short', { count: PASSWORD_LEAST }) : null}
        visibilityToggleButtonProps={{ 'aria-label': t('login.password.show'), tabIndex: 0 }}
      />
      {password !== '' && (person.tokens ?? 0) > 0 && (
        <Checkbox
          label={t('people.reset.keep')}
          description={t('people.reset.tokens', { count: person.tokens })}
          checked={keepTokens}
          onChange={(event) => setKeepTokens(event.currentTarget.checked)}
        />
      )}
      <div className={styles.buttons}>
        <Button type="submit" h={36} loading={saving.isPending}>
          {t('people.save')}
        </Button>
        {!own && (
          <Button
            h={36}
            variant="default"
            onClick={() => saving.mutate(() => updatePerson(person.id, { state: person.state === 'active' ? 'disabled' : 'active' }))}
          >
            {t(person.state === 'active' ? 'people.disable' : 'people.enable')}
          </Button>
        )}
      </div>
      {!own && person.state === 'active' && <p className={styles.sub}>{t('people.disable.text')}</p>}
    </FormDialog>
  );
}
