// Pages of a PDF drawn onto canvases by pdf.js in a worker: no plug-in, no script of the document, no form, no link.
import * as pdfjs from 'pdfjs-dist';
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url';
import { VisuallyHidden } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useText } from '../i18n';
import styles from './Preview.module.css';

pdfjs.GlobalWorkerOptions.workerSrc = workerUrl;

const PAGES_MAX = 30;
const PIXELS_MAX = 4_000_000;

export default function Pdf({ bytes }: { bytes: ArrayBuffer }) {
  const { t } = useText();
  const [pdf, setPdf] = useState<pdfjs.PDFDocumentProxy | null>(null);
  const [fault, setFault] = useState<'locked' | 'broken' | null>(null);
  useEffect(() => {
    const task = pdfjs.getDocument({
      // The worker takes the bytes away from whoever gives them.
      data: bytes.slice(0),
      isEvalSupported: false,
      enableXfa: false,
      useWasm: false,
      stopAtErrors: false,
      canvasMaxAreaInBytes: PIXELS_MAX * 4,
    });
    task.promise.then(setPdf, (error: Error) => setFault(error.name === 'PasswordException' ? 'locked' : 'broken'));
    return () => void task.destroy();
  }, [bytes]);
  if (fault) {
    return <p className={styles.none}>{t(fault === 'locked' ? 'preview.locked' : 'preview.broken')}</p>;
  }
  return (
    <div className={styles.pages}>
      {pdf &&
        Array.from({ length: Math.min(PAGES_MAX, pdf.numPages) }, (_, index) => <Page key={index} pdf={pdf} number={index + 1} />)}
      {pdf && pdf.numPages > PAGES_MAX && <p className={styles.none}>{t('preview.pages', { count: pdf.numPages - PAGES_MAX })}</p>}
    </div>
  );
}

function Page({ pdf, number }: { pdf: pdfjs.PDFDocumentProxy; number: number }) {
  const { t } = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [text, setText] = useState('');
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    let stop = () => undefined as void;
    let gone = false;
    void (async () => {
      const page = await pdf.getPage(number);
      const target = canvas.current;
      if (gone || !target) {
        return;
      }
      const plain = page.getViewport({ scale: 1 });
      const scale = Math.min(2, Math.sqrt(PIXELS_MAX / (plain.width * plain.height)));
      const viewport = page.getViewport({ scale });
      target.width = Math.floor(viewport.width);
      target.height = Math.floor(viewport.height);
      const drawing = page.render({ canvas: target, viewport, annotationMode: pdfjs.AnnotationMode.DISABLE });
      stop = () => drawing.cancel();
      await drawing.promise;
      setDrawn(true);
      const content = await page.getTextContent();
      setText(content.items.map((item) => ('str' in item ? item.str : '')).join(' '));
    })().catch(() => undefined);
    return () => {
      gone = true;
      stop();
    };
  }, [pdf, number]);
  return (
    <div className={styles.page} data-drawn={drawn || undefined}>
      <canvas ref={canvas} role="img" aria-label={t('preview.page', { number })} />
      <VisuallyHidden>{text}</VisuallyHidden>
    </div>
  );
}
