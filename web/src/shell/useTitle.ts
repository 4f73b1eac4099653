import { useEffect } from 'react';

/** Null leaves the title to another part of the page. */
export function useTitle(title: string | null): void {
  useEffect(() => {
    if (title !== null) {
      document.title = title;
    }
  }, [title]);
}
