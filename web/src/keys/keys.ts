// The keys of the panel. Letters act only when the person switched them on (WCAG 2.1.4), and never while typing.
import { readChoice, useChoice, writeChoice } from '../lib/store';

/** Commands the keyboard knows; the pages that own them listen for `sigillo:command`. */
export type Command =
  | 'next' | 'previous' | 'open' | 'select' | 'archive' | 'trash' | 'junk' | 'flag' | 'unread' | 'move' | 'undo' | 'report'
  | 'context' | 'inbox' | 'held' | 'archivebox' | 'sent' | 'palette' | 'sheet';

export interface Binding {
  command: Command;
  /** As typed, in order; two letters are pressed one after the other. */
  keys: string;
  /** Works also with letters switched off: it is no bare character. */
  always?: boolean;
}

/** Only keys that an Italian keyboard types without AltGr; none is Backspace. */
export const BINDINGS: readonly Binding[] = [
  { command: 'next', keys: 'j' },
  { command: 'previous', keys: 'k' },
  { command: 'open', keys: 'o' },
  { command: 'select', keys: 'x' },
  { command: 'archive', keys: 'e' },
  { command: 'trash', keys: 'Delete', always: true },
  { command: 'junk', keys: 'h' },
  { command: 'report', keys: 'p' },
  { command: 'flag', keys: 'b' },
  { command: 'unread', keys: 'u' },
  { command: 'move', keys: 'l' },
  { command: 'undo', keys: 'z' },
  { command: 'context', keys: 'd' },
  { command: 'inbox', keys: 'g p' },
  { command: 'held', keys: 'g t' },
  { command: 'archivebox', keys: 'g a' },
  { command: 'sent', keys: 'g i' },
];

export function lettersOn(): boolean {
  return readChoice('keys') === 'on';
}

export function useLetters(): [on: boolean, chosen: boolean, set: (on: boolean) => void] {
  const choice = useChoice('keys');
  return [choice === 'on', choice !== null, (on) => writeChoice('keys', on ? 'on' : 'off')];
}

export function runCommand(command: Command): void {
  window.dispatchEvent(new CustomEvent<Command>('sigillo:command', { detail: command }));
}

/** Where keys are text. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT|IFRAME)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type))
  );
}
