/** The nonce of this page's style-src; the bare mark is left when no server replaced it (vite's own server). */
export function pageNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
}
