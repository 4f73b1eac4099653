// The gesture of a finger on a row: a pull to one side shows what would happen, a longer one does it. The same acts stand in
// the menu of the open message and in the bar of chosen rows, so nobody needs the gesture (WCAG 2.5.1).
import { useEffect, useEffectEvent, type RefObject } from 'react';

/** A finger that moves less is tapping; one that goes more up than sideways is scrolling. */
const START_PX = 12;
/** From here on letting go acts. */
const ACT_PX = 96;
/** A click belongs to the touch before it for so long. */
const CLICK_MS = 50;

export interface Swipe {
  word: string;
  run: (id: string) => void;
}

export type Swipes = { right: Swipe | null; left: Swipe | null };

interface Pull {
  pointer: number;
  row: HTMLElement;
  x: number;
  y: number;
  dx: number;
  going: boolean;
}

function draw(row: HTMLElement, dx: number, word: string): void {
  row.dataset['swipe'] = Math.abs(dx) >= ACT_PX ? 'act' : 'show';
  row.dataset['swipeTo'] = dx > 0 ? 'right' : 'left';
  row.dataset['swipeWord'] = word;
  row.style.setProperty('--swipe', `${Math.round(dx)}px`);
}

function settle({ row }: Pull): void {
  delete row.dataset['swipe'];
  delete row.dataset['swipeTo'];
  delete row.dataset['swipeWord'];
  row.style.removeProperty('--swipe');
}

export function useSwipe(list: RefObject<HTMLElement | null>, swipes: Swipes): void {
  const swipeFor = useEffectEvent((dx: number) => (dx > 0 ? swipes.right : swipes.left));
  useEffect(() => {
    const element = list.current;
    if (!element) {
      return undefined;
    }
    const abort = new AbortController();
    let pull: Pull | null = null;
    const end = (act: boolean) => {
      const done = pull;
      pull = null;
      if (!done?.going) {
        return;
      }
      const id = done.row.dataset['email'];
      const swipe = act && Math.abs(done.dx) >= ACT_PX ? swipeFor(done.dx) : null;
      settle(done);
      // The click that a browser makes of the same touch, if it makes one, must not open the message.
      const still = new AbortController();
      element.addEventListener('click', (event) => event.stopPropagation(), { capture: true, signal: still.signal });
      window.setTimeout(() => still.abort(), CLICK_MS);
      if (swipe && id) {
        swipe.run(id);
      }
    };
    const { signal } = abort;
    element.addEventListener('pointerdown', (event) => {
      const row = (event.target as Element).closest<HTMLElement>('[role="row"][data-email]');
      pull = event.pointerType === 'touch' && event.isPrimary && row ? { pointer: event.pointerId, row, x: event.clientX, y: event.clientY, dx: 0, going: false } : null;
    }, { signal });
    element.addEventListener('pointermove', (event) => {
      if (!pull || event.pointerId !== pull.pointer) {
        return;
      }
      const dx = event.clientX - pull.x;
      if (!pull.going) {
        if (Math.abs(event.clientY - pull.y) > START_PX) {
          pull = null;
          return;
        }
        if (Math.abs(dx) < START_PX) {
          return;
        }
        pull.going = true;
        pull.row.setPointerCapture(event.pointerId);
      }
      const swipe = swipeFor(dx);
      pull.dx = swipe ? dx : 0;
      draw(pull.row, pull.dx, swipe?.word ?? '');
    }, { signal });
    element.addEventListener('pointerup', () => end(true), { signal });
    element.addEventListener('pointercancel', () => end(false), { signal });
    return () => abort.abort();
  }, [list]);
}
