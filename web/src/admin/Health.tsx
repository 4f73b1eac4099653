// Every role with its sandbox and every cell: what works, said plainly.
import { useQuery } from '@tanstack/react-query';
import { useText } from '../i18n';
import { healthQuery } from '../jmap/admin';
import type { RoleHealth } from '../jmap/types';
import { Chip } from '../mail/Chip';
import { State } from '../shell/State';
import { PageHead, Waiting } from './parts';
import { Table } from './Table';
import styles from './Settings.module.css';

const PARTS = ['net', 'scan', 'dns', 'keys', 'jobs'] as const;

export function Health() {
  const { t } = useText();
  const query = useQuery(healthQuery);
  return (
    <>
      <PageHead title={t('settings.health')} text={t('health.text')} />
      {query.isError && !query.data ? (
        <State title={t('settings.error.title')} text={t('settings.error.text')} action={{ label: t('app.retry'), run: () => void query.refetch() }} />
      ) : !query.data ? (
        <Waiting />
      ) : (
        <>
          <h2 className={styles.section}>{t('health.roles')}</h2>
          <Table
            label={t('health.roles')}
            columns={[
              { key: 'role', head: t('health.role'), short: true },
              { key: 'state', head: t('people.state') },
              { key: 'restarts', head: t('health.restarts') },
              { key: 'layers', head: t('health.layers') },
            ]}
            rows={query.data.roles}
            id={(role) => `${role.role} ${role.pid}`}
            cell={(role, key) => <RoleCell role={role} column={key} />}
          />
          <h2 className={styles.section}>{t('health.cells')}</h2>
          <div className={styles.cells}>
            {query.data.cells.map((cell, index) => (
              <section key={index} className={styles.cell}>
                <strong>{t('health.cell', { id: cell.id })}</strong>
                <Chip kind={cell.good ? 'ok' : 'rust'}>{t(cell.good ? 'health.good' : 'health.bad')}</Chip>
                {cell.why && <p>{cell.why}</p>}
              </section>
            ))}
          </div>
        </>
      )}
    </>
  );
}

/** What a part does, for people who know the service by its post; a part of a later release has its name only. */
function Purpose({ role }: { role: string }) {
  const { t } = useText();
  const part = PARTS.find((item) => item === /^[a-z]+/.exec(role)?.[0]);
  return part ? <span className={styles.purpose}>{t(`health.part.${part}`)}</span> : null;
}

function RoleCell({ role, column }: { role: RoleHealth; column: string }) {
  const { t } = useText();
  switch (column) {
    case 'role':
      return (
        <div>
          <strong className={styles.mono}>{role.role}</strong>
          <Purpose role={role.role} />
        </div>
      );
    case 'state':
      return <Chip kind={role.pid > 0 ? 'outline' : 'rust'}>{t(role.pid > 0 ? 'health.up' : 'health.down')}</Chip>;
    case 'restarts':
      return role.restarts;
    default:
      return (
        <div className={styles.layers}>
          {String(role.layers ?? '')
            .split(/[\n,]+/)
            .map((layer) => layer.trim())
            .filter(Boolean)
            .map((layer) => (
              <Chip key={layer} kind="outline">
                {layer}
              </Chip>
            ))}
        </div>
      );
  }
}
