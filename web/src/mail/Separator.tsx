import { useEffect, useRef, useState } from 'react';
import { readChoice, writeChoice } from '../lib/store';
import styles from './MailPage.module.css';

const WIDTH_LEAST = 280;
const WIDTH_MOST = 560;
const WIDTH = 340;
const WIDTH_STEP = 20;

/** The list's width: dragged or moved by arrow keys, remembered on this device. */
export function Separator({ label }: { label: string }) {
  const bar = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(() => clampWidth(Number(readChoice('list')) || WIDTH));
  useEffect(() => {
    document.documentElement.style.setProperty('--list-width', `${width}px`);
    writeChoice('list', String(width));
  }, [width]);
  return (
    <div
      ref={bar}
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuemin={WIDTH_LEAST}
      aria-valuemax={WIDTH_MOST}
      aria-valuenow={width}
      tabIndex={0}
      className={styles.separator}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -WIDTH_STEP, ArrowRight: WIDTH_STEP }[event.key];
        if (step) {
          event.preventDefault();
          setWidth((old) => clampWidth(old + step));
        }
      }}
      onPointerDown={(event) => {
        event.preventDefault();
        const start = event.clientX;
        bar.current?.setPointerCapture(event.pointerId);
        const move = (next: globalThis.PointerEvent) => setWidth(clampWidth(width + next.clientX - start));
        bar.current?.addEventListener('pointermove', move);
        bar.current?.addEventListener('pointerup', () => bar.current?.removeEventListener('pointermove', move), { once: true });
      }}
    />
  );
}

function clampWidth(width: number): number {
  return Math.round(Math.max(WIDTH_LEAST, Math.min(WIDTH_MOST, width)));
}
