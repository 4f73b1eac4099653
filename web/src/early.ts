// Answers asked for before anything else is ready, so that a slow line and a slow processor work at the same time.
const waiting = new Map<string, Promise<Response>>();

/** Written once mailboxes were seen, taken away at log-out (warm.ts): without it nobody is there to be asked after. */
function someoneWasHere(): boolean {
  try {
    return localStorage.getItem('sigillo.boxes') !== null;
  } catch {
    return false;
  }
}

export function askEarly(): void {
  if (someoneWasHere()) {
    for (const url of ['/api/me', '/jmap/session']) {
      const answer = fetch(url);
      answer.catch(() => undefined);
      waiting.set(url, answer);
    }
  }
}

/** The answer that was asked for early, once; undefined when there is none. */
export function takeEarly(url: string): Promise<Response> | undefined {
  const answer = waiting.get(url);
  waiting.delete(url);
  return answer;
}
