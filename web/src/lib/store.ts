// Small choices kept on this device. Private windows may refuse storage: then they last as long as the page.
import { useSyncExternalStore } from 'react';

const memory = new Map<string, string | null>();
const listeners = new Set<() => void>();

export function readChoice(name: string): string | null {
  if (memory.has(name)) {
    return memory.get(name) ?? null;
  }
  try {
    return localStorage.getItem(`sigillo.${name}`);
  } catch {
    return null;
  }
}

export function writeChoice(name: string, value: string | null): void {
  memory.set(name, value);
  try {
    if (value === null) {
      localStorage.removeItem(`sigillo.${name}`);
    } else {
      localStorage.setItem(`sigillo.${name}`, value);
    }
  } catch {
    // Nothing to remember it in.
  }
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useChoice(name: string): string | null {
  return useSyncExternalStore(subscribe, () => readChoice(name));
}
