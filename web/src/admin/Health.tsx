// Every role with its sandbox and every cell: what works, said plainly.
import { useQuery } from '@tanstack/react-query';
import { useText } from '../i18n';
import { healthQuery } from '../jmap/admin';
import { Chip } from '../mail/Chip';
import { State } from '../shell/State';
import { PageHead, Waiting } from './parts';
import styles from './Settings.module.css';

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
          <div className={styles.table} role="group" aria-label={t('health.roles')} tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t('health.role')}</th>
                  <th scope="col">{t('people.state')}</th>
                  <th scope="col">{t('health.restarts')}</th>
                  <th scope="col">{t('health.layers')}</th>
                </tr>
              </thead>
              <tbody>
                {query.data.roles.map((role) => (
                  <tr key={role.role}>
                    <td>
                      <strong className={`${styles.mono} ${styles.short}`}>{role.role}</strong>
                    </td>
                    <td>
                      <Chip kind={role.pid > 0 ? 'outline' : 'rust'}>{t(role.pid > 0 ? 'health.up' : 'health.down')}</Chip>
                    </td>
                    <td>{role.restarts}</td>
                    <td>
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
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
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
