import { Button, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useEffect, useState, type RefObject } from 'react';
import { useText } from '../i18n';
import { useActions } from '../mail/actions';

/** How long the button says that it worked. */
const DONE_MS = 3000;

/** Copies what `source` shows. Plain http from elsewhere has no clipboard: then the text is selected instead. */
export function CopyButton({ source, what }: { source: RefObject<HTMLElement | null>; what: string }) {
  const { t } = useText();
  const { tell } = useActions();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (turn > 0) {
      const timer = window.setTimeout(() => setTurn(0), DONE_MS);
      return () => window.clearTimeout(timer);
    }
    return undefined;
  }, [turn]);

  async function copy() {
    const element = source.current;
    if (!element) {
      return;
    }
    try {
      await navigator.clipboard.writeText(element.textContent ?? '');
      setTurn((old) => old + 1);
    } catch {
      window.getSelection()?.selectAllChildren(element);
      tell(t('domains.selected'));
    }
  }

  const Mark = turn > 0 ? IconCheck : IconCopy;
  return (
    <>
      <Button variant="default" h={32} leftSection={<Mark size={18} stroke={1.75} aria-hidden="true" />} onClick={() => void copy()}>
        {t(turn > 0 ? 'domains.copied' : 'domains.copy')}
        <VisuallyHidden>&nbsp;{what}</VisuallyHidden>
      </Button>
      <VisuallyHidden role="status">{turn > 0 && t('domains.copied')}</VisuallyHidden>
    </>
  );
}
