// The part of RFC 8620, RFC 8621 and urn:sigillo:guard that the panel reads.
export const CORE = 'urn:ietf:params:jmap:core';
export const MAIL = 'urn:ietf:params:jmap:mail';
export const GUARD = 'urn:sigillo:guard';

export interface Session {
  apiUrl: string;
  username: string;
  state: string;
  capabilities: Record<string, unknown>;
  primaryAccounts: Record<string, string>;
}

export interface Mailbox {
  id: string;
  name: string;
  parentId: string | null;
  role: string | null;
  sortOrder: number;
  totalEmails: number;
  unreadEmails: number;
  sigilloRole?: string | null;
}

export interface Address {
  name: string | null;
  email: string;
}

export interface BodyPart {
  partId: string | null;
  blobId: string | null;
  size: number;
  name: string | null;
  type: string;
}

export type Level = 'note' | 'caution' | 'stop';
export type Verdict = 'accept' | 'caution' | 'junk' | 'hold' | 'reject';

export interface Bilingual {
  it: string;
  en: string;
}

export interface Finding {
  code: string;
  level: Level;
  facts: Record<string, string>;
  text: Bilingual;
  title: Bilingual;
}

export interface EmailHead {
  id: string;
  threadId: string;
  mailboxIds: Record<string, boolean>;
  keywords: Record<string, boolean>;
  receivedAt: string;
  from: Address[] | null;
  to: Address[] | null;
  subject: string | null;
  preview: string;
  hasAttachment: boolean;
  guardVerdict?: Verdict | null;
  guardHeld?: boolean;
}

export interface Email extends EmailHead {
  cc: Address[] | null;
  replyTo: Address[] | null;
  size: number;
  textBody: BodyPart[];
  bodyValues: Record<string, { value: string; isTruncated: boolean; isEncodingProblem: boolean }>;
  attachments: BodyPart[];
  guardFindings?: Finding[] | null;
}

export interface GetResult<T> {
  accountId: string;
  state: string;
  list: T[];
  notFound: string[];
}

export interface QueryResult {
  accountId: string;
  queryState: string;
  position: number;
  ids: string[];
  total?: number;
}

export interface ChangesResult {
  accountId: string;
  oldState: string;
  newState: string;
  hasMoreChanges: boolean;
  created: string[];
  updated: string[];
  destroyed: string[];
}

export interface Filter {
  inMailbox?: string;
}

/** Arguments and answers of each method the panel calls; a `#name` argument is a reference (RFC 8620 3.7). */
export interface Methods {
  'Mailbox/get': { args: { ids: string[] | null; properties?: string[] }; result: GetResult<Mailbox> };
  'Mailbox/changes': { args: { sinceState: string; maxChanges?: number }; result: ChangesResult };
  'Email/query': {
    args: {
      filter: Filter;
      sort: { property: string; isAscending: boolean }[];
      position: number;
      limit: number;
      calculateTotal: boolean;
    };
    result: QueryResult;
  };
  'Email/get': {
    args: { ids?: string[]; '#ids'?: ResultReference; properties?: string[]; fetchTextBodyValues?: boolean };
    result: GetResult<Email>;
  };
  'Email/changes': { args: { sinceState: string; maxChanges?: number }; result: ChangesResult };
  'Thread/get': { args: { ids?: string[]; '#ids'?: ResultReference }; result: GetResult<{ id: string; emailIds: string[] }> };
}

export interface ResultReference {
  resultOf: string;
  name: string;
  path: string;
}
