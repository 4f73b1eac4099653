import { Fragment, useState } from 'react';
import { useText } from '../i18n';
import { ibanSegments } from '../lib/iban';
import { bodyBlocks } from '../lib/text';
import styles from './MessageText.module.css';

interface MessageTextProps {
  text: string;
  /** On a stopped message account numbers can be read but not selected: nobody pays by paste. */
  lockNumbers: boolean;
}

export function MessageText({ text, lockNumbers }: MessageTextProps) {
  return (
    <div className={styles.body} dir="auto">
      {bodyBlocks(text).map((block, index) =>
        block.quoted ? (
          <Quote key={index} text={block.text} lockNumbers={lockNumbers} />
        ) : (
          <Paragraphs key={index} text={block.text} lockNumbers={lockNumbers} />
        ),
      )}
    </div>
  );
}

function Paragraphs({ text, lockNumbers }: MessageTextProps) {
  return text.split(/\n[ \t]*\n/).map((paragraph, index) => (
    <p key={index} className={styles.paragraph}>
      {lockNumbers ? <Locked text={paragraph} /> : paragraph}
    </p>
  ));
}

function Locked({ text }: { text: string }) {
  return ibanSegments(text).map((part, index) =>
    part.iban ? (
      <span key={index} className={`${styles.locked} mono`}>
        {part.text}
      </span>
    ) : (
      <Fragment key={index}>{part.text}</Fragment>
    ),
  );
}

function Quote({ text, lockNumbers }: MessageTextProps) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  return (
    <div className={styles.quote}>
      <button type="button" className="textlink" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t(open ? 'read.quote.hide' : 'read.quote.show')}
      </button>
      {open && (
        <blockquote className={styles.quoted}>
          <Paragraphs text={text.replace(/^> ?/gm, '')} lockNumbers={lockNumbers} />
        </blockquote>
      )}
    </div>
  );
}
