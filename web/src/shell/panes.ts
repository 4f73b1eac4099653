/** Panes in the order F6 walks them. */
const PANES = ['rail', 'list', 'reader', 'context', 'page'] as const;

/** Moves the focus to the next visible pane: to its current row, link or heading, else to its first control. */
export function walkPanes(step: 1 | -1): void {
  const panes = PANES.map((name) => document.querySelector<HTMLElement>(`[data-pane="${name}"]`)).filter(
    (pane): pane is HTMLElement => pane !== null && pane.offsetParent !== null,
  );
  const at = panes.findIndex((pane) => pane.contains(document.activeElement));
  const next = panes[at < 0 ? (step > 0 ? 0 : panes.length - 1) : (at + step + panes.length) % panes.length];
  const visible = (selector: string) =>
    [...(next?.querySelectorAll<HTMLElement>(selector) ?? [])].find((item) => item.offsetParent !== null);
  (visible('[data-pane-focus]') ?? visible('[tabindex="0"], a[href], button'))?.focus();
}
