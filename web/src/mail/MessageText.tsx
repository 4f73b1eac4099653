import { Fragment, useState } from 'react';
import { useText } from '../i18n';
import { ibanSegments } from '../lib/iban';
import { linkTarget } from '../lib/link';
import { bodyBlocks } from '../lib/text';
import styles from './MessageText.module.css';

interface MessageTextProps {
  text: string;
  /** On a stopped message account numbers can be read but not selected: nobody pays by paste. */
  lockNumbers: boolean;
  /** Addresses of the web in the text can be followed. */
  links: boolean;
}

export function MessageText({ text, lockNumbers, links }: MessageTextProps) {
  return (
    <div className={styles.body} dir="auto">
      {bodyBlocks(text).map((block, index) =>
        block.quoted ? (
          <Quote key={index} text={block.text} lockNumbers={lockNumbers} links={links} />
        ) : (
          <Paragraphs key={index} text={block.text} lockNumbers={lockNumbers} links={links} />
        ),
      )}
    </div>
  );
}

function Paragraphs({ text, lockNumbers, links }: MessageTextProps) {
  return text.split(/\n[ \t]*\n/).map((paragraph, index) => (
    <p key={index} className={styles.paragraph}>
      {lockNumbers ? <Locked text={paragraph} /> : links ? <Linked text={paragraph} /> : paragraph}
    </p>
  ));
}

const WEB = /\bhttps?:\/\/[^\s<>"'`\u00a0]+[^\s<>"'`\u00a0.,;:!?)\]]/gi;

/** What a plain text shows of an address is the address itself, so it can be followed as it stands. */
function Linked({ text }: { text: string }) {
  const out = [];
  let at = 0;
  for (const match of text.matchAll(WEB)) {
    const target = linkTarget(match[0]);
    if (target) {
      out.push(
        text.slice(at, match.index),
        <a key={match.index} href={target.url} title={target.host} target="_blank" rel="noopener noreferrer nofollow">
          {match[0]}
        </a>,
      );
      at = match.index + match[0].length;
    }
  }
  return [...out, text.slice(at)];
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

function Quote({ text, lockNumbers, links }: MessageTextProps) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  return (
    <div className={styles.quote}>
      <button type="button" className="textlink" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t(open ? 'read.quote.hide' : 'read.quote.show')}
      </button>
      {open && (
        <blockquote className={styles.quoted}>
          <Paragraphs text={text.replace(/^> ?/gm, '')} lockNumbers={lockNumbers} links={links} />
        </blockquote>
      )}
    </div>
  );
}
