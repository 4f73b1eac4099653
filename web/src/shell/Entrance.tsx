// What stands before the mail: one card on paper, the mark, the service word, the language.
import type { ReactNode } from 'react';
import { Brand, LETTER, SEAL } from './Brand';
import styles from './Entrance.module.css';
import { LangSwitch } from './LangSwitch';
import { Service } from './Service';

export function Entrance({ children }: { children: ReactNode }) {
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <Brand />
        <span className={styles.tools}>
          <Service />
          <LangSwitch />
        </span>
      </header>
      <main className={styles.main}>
        <div className={styles.card}>{children}</div>
      </main>
      <svg className={styles.ornament} viewBox="0 0 48 48" aria-hidden="true">
        <path fill="var(--ornament)" d={SEAL} />
        <circle cx="24" cy="24" r="15.9" fill="none" stroke="var(--bg)" strokeWidth=".6" />
        <path fill="none" stroke="var(--bg)" strokeWidth="3.3" strokeLinecap="round" strokeLinejoin="round" d={LETTER} />
      </svg>
    </div>
  );
}
