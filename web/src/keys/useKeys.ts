import { useEffect, useEffectEvent } from 'react';
import { BINDINGS, isTyping, lettersOn, runCommand, type Command } from './keys';

const PAIR_MS = 1200;

/** Listens for the whole page. Menus and dialogs that handled a key first keep it. */
export function useGlobalKeys(): void {
  useEffect(() => {
    let pending = '';
    let timer: number | undefined;

    function onKeyDown(event: KeyboardEvent) {
      if (event.defaultPrevented) {
        return;
      }
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k' && !event.shiftKey && !event.altKey) {
        event.preventDefault();
        runCommand('palette');
        return;
      }
      if (event.key === 'F1') {
        event.preventDefault();
        runCommand('sheet');
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector('[role="dialog"], [role="menu"]')) {
        return;
      }
      if (event.key === '?' && lettersOn()) {
        event.preventDefault();
        runCommand('sheet');
        return;
      }
      const typed = pending === '' ? event.key : `${pending} ${event.key}`;
      pending = '';
      window.clearTimeout(timer);
      const found = BINDINGS.find((item) => item.keys === typed);
      if (found && (found.always || lettersOn())) {
        event.preventDefault();
        runCommand(found.command);
      } else if (lettersOn() && BINDINGS.some((item) => item.keys.startsWith(`${typed} `))) {
        pending = typed;
        timer = window.setTimeout(() => (pending = ''), PAIR_MS);
      }
    }

    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}

/** Runs `handle` for commands while the component is there; it says whether the command was its own. */
export function useCommands(handle: (command: Command) => void): void {
  const run = useEffectEvent(handle);
  useEffect(() => {
    const listen = (event: Event) => run((event as CustomEvent<Command>).detail);
    window.addEventListener('sigillo:command', listen);
    return () => window.removeEventListener('sigillo:command', listen);
  }, []);
}
