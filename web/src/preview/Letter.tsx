// A message that came as a file: who, what and its text. Its HTML is not drawn, its own attachments are only named.
import PostalMime, { type Address, type Email } from 'postal-mime';
import { useEffect, useState } from 'react';
import { useText } from '../i18n';
import { longTime } from '../lib/format';
import { cleanLine } from '../lib/text';
import styles from './Preview.module.css';

const TEXT_MAX = 200_000;

function shown(address: Address | undefined): string {
  return cleanLine([address?.name, address?.address ? `<${address.address}>` : ''].filter(Boolean).join(' '));
}

/** The text of an HTML, as the parser sees it and nobody runs it. */
function textOf(html: string): string {
  const page = new DOMParser().parseFromString(html.slice(0, TEXT_MAX * 4).replace(/\sstyle\s*=/gi, ' data-x='), 'text/html');
  page.querySelectorAll('style, script, template, title').forEach((item) => item.remove());
  page.querySelectorAll('br, p, div, tr, li, h1, h2, h3').forEach((item) => item.append('\n'));
  return (page.body.textContent ?? '').replace(/[ \t]+/g, ' ').replace(/\n\s*\n\s*/g, '\n\n').trim();
}

export default function Letter({ bytes }: { bytes: ArrayBuffer }) {
  const { t, locale } = useText();
  const [mail, setMail] = useState<Email | null>(null);
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    PostalMime.parse(bytes, { maxNestingDepth: 20 }).then(setMail, () => setBroken(true));
  }, [bytes]);
  if (broken) {
    return <p className={styles.none}>{t('preview.broken')}</p>;
  }
  if (!mail) {
    return null;
  }
  const rows: [string, string][] = [
    [t('letter.from'), shown(mail.from)],
    [t('letter.to'), (mail.to ?? []).map(shown).join(', ')],
    [t('letter.date'), mail.date ? longTime(mail.date, locale) : ''],
    [t('read.attachments'), mail.attachments.map((item) => cleanLine(item.filename) || item.mimeType).join(', ')],
  ];
  return (
    <article className={styles.letter}>
      <h3>
        <bdi>{cleanLine(mail.subject) || t('list.nosubject')}</bdi>
      </h3>
      <dl>
        {rows
          .filter(([, value]) => value !== '')
          .map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
      </dl>
      <pre className={styles.text}>{(mail.text?.trim() || textOf(mail.html ?? '')).slice(0, TEXT_MAX)}</pre>
    </article>
  );
}
