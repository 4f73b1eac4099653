import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useText } from '../i18n';
import { peopleQuery } from '../jmap/admin';
import type { Person } from '../jmap/types';
import { factDate, fileSize } from '../lib/format';
import { Chip } from '../mail/Chip';
import { RealAddress } from '../mail/ReaderHead';
import { State } from '../shell/State';
import { PageHead, Waiting } from './parts';
import { ChangePerson, NewPerson } from './PersonDialogs';
import { Table } from './Table';
import styles from './Settings.module.css';

export function People() {
  const { t } = useText();
  const query = useQuery(peopleQuery);
  const [dialog, setDialog] = useState<Person | 'new' | null>(null);
  return (
    <>
      <PageHead title={t('settings.people')} text={t('people.text')}>
        <Button h={36} leftSection={<IconPlus size={18} stroke={1.75} />} onClick={() => setDialog('new')}>
          {t('people.add')}
        </Button>
      </PageHead>
      {query.isError ? (
        <State title={t('settings.error.title')} text={t('settings.error.text')} action={{ label: t('app.retry'), run: () => void query.refetch() }} />
      ) : !query.data ? (
        <Waiting />
      ) : (
        <Table
          label={t('settings.people')}
          columns={[
            { key: 'person', head: t('people.person') },
            { key: 'role', head: t('people.role') },
            { key: 'state', head: t('people.state') },
            { key: 'space', head: t('people.space') },
            { key: 'login', head: t('people.login'), short: true },
            { key: 'change', head: t('people.change'), end: true },
          ]}
          rows={query.data}
          id={(person) => person.id}
          cell={(person, key) => <PersonCell person={person} column={key} onChange={() => setDialog(person)} />}
        />
      )}
      {dialog === 'new' && <NewPerson onClose={() => setDialog(null)} />}
      {dialog !== null && dialog !== 'new' && <ChangePerson person={dialog} onClose={() => setDialog(null)} />}
    </>
  );
}

function PersonCell({ person, column, onChange }: { person: Person; column: string; onChange: () => void }) {
  const { t, locale } = useText();
  switch (column) {
    case 'person':
      return (
        <div className={styles.main}>
          <strong>{person.name || person.address}</strong>
          <RealAddress email={person.address} />
        </div>
      );
    case 'role':
      return t(`role.${person.role}`);
    case 'state':
      return <Chip kind={person.state === 'active' ? 'outline' : 'dashed'}>{t(`state.${person.state}`)}</Chip>;
    case 'space':
      return (
        <span>
          {fileSize(person.usedBytes, locale)}
          {person.quotaBytes > 0 && <span className={styles.sub}> {t('people.of', { size: fileSize(person.quotaBytes, locale) })}</span>}
        </span>
      );
    case 'login':
      return person.lastLoginAt ? factDate(person.lastLoginAt, locale) : t('people.never');
    default:
      return (
        <Button variant="default" h={32} onClick={onChange} aria-label={t('people.change.name', { name: person.name || person.address })}>
          {t('people.change')}
        </Button>
      );
  }
}
