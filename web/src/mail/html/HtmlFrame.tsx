// The frame a stranger's HTML is drawn in: sandboxed, without scripts, forms and plugins, with a policy of its own that
// fetches nothing. It shares our origin only so that its height can be read; nothing in it can run.
import { useEffect, useMemo, useRef, useState } from 'react';
import { useText } from '../../i18n';
import { pageNonce } from '../../lib/nonce';
import styles from './HtmlFrame.module.css';
import { safeHtml } from './safe';

/** A taller mail scrolls inside its frame. */
const HEIGHT_MAX = 30_000;

interface HtmlFrameProps {
  source: string;
  images: boolean;
  links: boolean;
  dark: boolean;
  inline: ReadonlyMap<string, string>;
  title: string;
  onRemote: (count: number) => void;
}

export default function HtmlFrame({ source, images, links, dark, inline, title, onRemote }: HtmlFrameProps) {
  const { t, lang } = useText();
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(120);
  const [target, setTarget] = useState<string | null>(null);
  const safe = useMemo(
    () => safeHtml(source, { nonce: pageNonce(), images, links, dark, inline, lang, words: { quoteShow: t('read.quote.show') } }),
    [source, images, links, dark, inline, lang, t],
  );
  useEffect(() => onRemote(safe.remote), [onRemote, safe.remote]);

  useEffect(() => {
    const element = frame.current;
    if (!element) {
      return;
    }
    let observer: ResizeObserver | undefined;
    let clean = () => undefined as void;
    const watch = () => {
      const inner = element.contentDocument;
      if (!inner?.body) {
        return;
      }
      const measure = () => setHeight(Math.min(HEIGHT_MAX, Math.ceil(inner.body.getBoundingClientRect().height) + 2));
      const over = (event: Event) => {
        const link = (event.target as Element | null)?.closest?.('a[href]');
        setTarget(link ? (link.getAttribute('title') ?? '') : null);
      };
      measure();
      observer?.disconnect();
      observer = new ResizeObserver(measure);
      observer.observe(inner.body);
      inner.addEventListener('mouseover', over);
      inner.addEventListener('focusin', over);
      inner.addEventListener('mouseleave', () => setTarget(null));
      // Keys pressed while the frame has the focus still lead out of it.
      const key = (event: KeyboardEvent) => {
        if (event.key === 'Escape' || event.key === 'F6') {
          event.preventDefault();
          element.dispatchEvent(new KeyboardEvent('keydown', { key: event.key, shiftKey: event.shiftKey, bubbles: true }));
        }
      };
      inner.addEventListener('keydown', key);
      clean = () => {
        inner.removeEventListener('keydown', key);
      };
    };
    element.addEventListener('load', watch);
    watch();
    return () => {
      element.removeEventListener('load', watch);
      observer?.disconnect();
      clean();
    };
  }, [safe.html]);

  return (
    <div className={styles.paper} data-dark={dark || undefined}>
      <iframe
        ref={frame}
        className={styles.frame}
        title={title}
        sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
        referrerPolicy="no-referrer"
        srcDoc={safe.html}
        style={{ height }}
      />
      <p className={styles.target} data-shown={target !== null || undefined} aria-live="polite">
        {target !== null && (
          <>
            {t('link.leads')} <strong className="mono">{target}</strong>
          </>
        )}
      </p>
    </div>
  );
}
