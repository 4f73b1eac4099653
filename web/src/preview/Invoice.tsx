// An electronic invoice as one reads it on paper. Its account number is held against what the firm knows of the sender.
import { IconBan, IconClockHour4, IconEqualNot, IconRosetteDiscountCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useText } from '../i18n';
import { contextQuery } from '../jmap/mail';
import { factDate, money } from '../lib/format';
import { ibanCompact, ibanGroups } from '../lib/iban';
import { Chip } from '../mail/Chip';
import { readInvoice, xmlOf, type InvoiceData, type Party } from './fattura';
import styles from './Preview.module.css';
import { PlainText } from './Preview';

/** Document and payment codes of the format that have words here; others are shown as they are. */
const DOCUMENTS = ['TD01', 'TD02', 'TD04', 'TD05', 'TD06', 'TD24', 'TD25'];
const METHODS = ['MP01', 'MP05', 'MP08', 'MP12', 'MP19', 'MP21'];

export default function Invoice({ bytes, emailId }: { bytes: ArrayBuffer; emailId: string }) {
  const invoice = useMemo(() => {
    const xml = xmlOf(new Uint8Array(bytes));
    return xml ? readInvoice(new DOMParser().parseFromString(xml, 'application/xml')) : null;
  }, [bytes]);
  // Any other XML is a text.
  return invoice ? <Paper invoice={invoice} emailId={emailId} /> : <PlainText bytes={bytes} />;
}

function Paper({ invoice, emailId }: { invoice: InvoiceData; emailId: string }) {
  const { t, locale } = useText();
  const amount = (text: string) => (text ? money(text, invoice.currency, locale) : '');
  return (
    <article className={styles.invoice} data-invoice>
      <div>
        <h3>
          {DOCUMENTS.includes(invoice.kind) ? t(`invoice.${invoice.kind}`) : invoice.kind} {invoice.number}
        </h3>
        <p className={styles.none}>
          {factDate(invoice.date, locale)}
          {invoice.reason && ` · ${invoice.reason}`}
        </p>
      </div>
      <div className={styles.parties}>
        <Who title={t('invoice.seller')} party={invoice.seller} />
        <Who title={t('invoice.buyer')} party={invoice.buyer} />
      </div>
      <div className={styles.scroll}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('invoice.line')}</th>
              <th scope="col" className={styles.number}>
                {t('invoice.quantity')}
              </th>
              <th scope="col" className={styles.number}>
                {t('invoice.price')}
              </th>
              <th scope="col" className={styles.number}>
                {t('invoice.rate')}
              </th>
              <th scope="col" className={styles.number}>
                {t('invoice.amount')}
              </th>
            </tr>
          </thead>
          <tbody>
            {invoice.lines.map((line, index) => (
              <tr key={index}>
                <td>{line.text}</td>
                <td className={styles.number}>{line.quantity}</td>
                <td className={styles.number}>{amount(line.price)}</td>
                <td className={styles.number}>{line.rate && `${Number(line.rate)} %`}</td>
                <td className={styles.number}>{amount(line.total)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <dl>
        {invoice.taxes.map((tax, index) => (
          <div key={index}>
            <dt>{t('invoice.tax', { rate: Number(tax.rate) })}</dt>
            <dd>{t('invoice.taxline', { tax: amount(tax.tax), base: amount(tax.base) })}</dd>
          </div>
        ))}
        {invoice.total && (
          <div className={styles.total}>
            <dt>{t('invoice.total')}</dt>
            <dd>{amount(invoice.total)}</dd>
          </div>
        )}
      </dl>
      {invoice.payments.map((payment, index) => (
        <section key={index}>
          <h4>{t('invoice.payment')}</h4>
          <dl>
            <div>
              <dt>{t('invoice.amount')}</dt>
              <dd>
                {amount(payment.amount)}
                {payment.due && ` · ${t('invoice.due', { date: factDate(payment.due, locale) })}`}
              </dd>
            </div>
            <div>
              <dt>{t('invoice.method')}</dt>
              <dd>
                {METHODS.includes(payment.method) ? t(`invoice.${payment.method}`) : payment.method}
                {payment.bank && ` · ${payment.bank}`}
              </dd>
            </div>
            {payment.iban && (
              <div>
                <dt>IBAN</dt>
                <dd>
                  <span className={`${styles.iban} mono`}>{ibanGroups(payment.iban).join(' ')}</span>
                  <Known iban={payment.iban} emailId={emailId} />
                </dd>
              </div>
            )}
          </dl>
        </section>
      ))}
      {invoice.bodies > 1 && <p className={styles.none}>{t('invoice.more', { count: invoice.bodies - 1 })}</p>}
    </article>
  );
}

function Who({ title, party }: { title: string; party: Party }) {
  return (
    <section>
      <h4>{title}</h4>
      <strong>{party.name}</strong>
      <p>{party.vat}</p>
      <p className={styles.none}>{party.place}</p>
    </section>
  );
}

function Known({ iban, emailId }: { iban: string; emailId: string }) {
  const { t } = useText();
  const query = useQuery(contextQuery(emailId));
  if (query.isError) {
    return <p className={styles.unknown}>{t('context.bank.failed')}</p>;
  }
  if (!query.data) {
    return null;
  }
  const found = query.data.bankDetails.find((detail) => ibanCompact(detail.iban) === ibanCompact(iban));
  if (!found) {
    return (
      <p className={styles.unknown}>
        <IconEqualNot size={15} stroke={2} aria-hidden="true" /> {t(query.data.bankDetails.length > 0 ? 'invoice.other' : 'invoice.unknown')}
      </p>
    );
  }
  const Mark = found.state === 'verified' ? IconRosetteDiscountCheck : found.state === 'revoked' ? IconBan : IconClockHour4;
  return (
    <p>
      <Chip kind={found.state === 'verified' ? 'ok' : 'dashed'} icon={Mark}>
        {t(`bank.${found.state}`)}
      </Chip>
    </p>
  );
}
