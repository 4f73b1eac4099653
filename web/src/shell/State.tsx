import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './State.module.css';

interface StateProps {
  title: string;
  text: string;
  heading?: 'h1' | 'h2';
  action?: { label: string; run: () => void };
  children?: ReactNode;
}

/** One sentence for "nothing yet", "could not load" and the like; never a blank pane. */
export function State({ title, text, heading: Heading = 'h2', action, children }: StateProps) {
  return (
    <div className={styles.state}>
      <Heading className={styles.title} tabIndex={-1} data-pane-focus>
        {title}
      </Heading>
      <p className={styles.text}>{text}</p>
      {children}
      {action && (
        <Button variant="default" mt={8} onClick={action.run}>
          {action.label}
        </Button>
      )}
    </div>
  );
}
