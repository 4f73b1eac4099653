// The few calls outside JMAP: log-in, who am I, service word.
import { Fault, fetchJson } from './jmap/client';

export interface Me {
  address: string;
  name: string;
  firm: string;
  lang?: string;
}

export interface ServiceStatus {
  ok: boolean;
  it: string;
  en: string;
}

export type LoginResult =
  | { kind: 'ok'; me: Me }
  | { kind: 'refused'; it: string; en: string }
  | { kind: 'wait'; minutes: number }
  | { kind: 'down' };

const JSON_HEADERS = { 'Content-Type': 'application/json', 'X-Sigillo': '1' };
const STATUS_TIMEOUT_MS = 8000;

/** Null when nobody is logged in; throws a Fault when that could not be found out. */
export async function fetchMe(): Promise<Me | null> {
  try {
    return (await fetchJson(fetch.bind(window), '/api/me')) as Me;
  } catch (error) {
    if (error instanceof Fault && error.kind === 'unauthorised') {
      return null;
    }
    throw error;
  }
}

export async function fetchStatus(): Promise<ServiceStatus> {
  return (await fetchJson(fetch.bind(window), '/api/status', {
    signal: AbortSignal.timeout(STATUS_TIMEOUT_MS),
  })) as ServiceStatus;
}

export async function login(address: string, password: string): Promise<LoginResult> {
  let response: Response;
  try {
    response = await fetch('/api/login', {
      method: 'POST',
      headers: JSON_HEADERS,
      body: JSON.stringify({ address, password }),
    });
  } catch {
    return { kind: 'down' };
  }
  const body = (await response.json().catch(() => null)) as Record<string, string> | null;
  if (response.ok && body) {
    return { kind: 'ok', me: body as unknown as Me };
  }
  if (response.status === 429) {
    return { kind: 'wait', minutes: retryMinutes(response.headers.get('Retry-After')) };
  }
  if (response.status === 401) {
    return { kind: 'refused', it: body?.['title_it'] ?? body?.['it'] ?? '', en: body?.['title_en'] ?? body?.['en'] ?? '' };
  }
  return { kind: 'down' };
}

export async function logout(): Promise<void> {
  await fetch('/api/logout', { method: 'POST', headers: JSON_HEADERS, body: '{}' }).catch(() => undefined);
}

/** Retry-After is seconds or a date (RFC 9110 10.2.3); people get whole minutes, never zero. */
export function retryMinutes(header: string | null, now = Date.now()): number {
  const seconds = header === null ? 60 : /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds / 60)) : 1;
}
