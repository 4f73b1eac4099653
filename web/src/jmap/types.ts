// The part of RFC 8620, RFC 8621 and urn:sigillo:guard that the panel reads.
export const CORE = 'urn:ietf:params:jmap:core';
export const MAIL = 'urn:ietf:params:jmap:mail';
export const GUARD = 'urn:sigillo:guard';
export const ADMIN = 'urn:sigillo:admin';

export interface Account {
  name: string;
  isPersonal: boolean;
  isReadOnly: boolean;
  accountCapabilities: Record<string, unknown>;
}

export interface Session {
  apiUrl: string;
  downloadUrl?: string;
  eventSourceUrl?: string;
  username: string;
  state: string;
  capabilities: Record<string, unknown>;
  accounts?: Record<string, Account>;
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
  cid?: string | null;
  disposition?: string | null;
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
  guardFindings?: Finding[] | null;
  /** The last report of somebody of this account. */
  guardReported?: { as: ReportAs; at: string; by: string } | null;
}

export interface Email extends EmailHead {
  blobId: string | null;
  cc: Address[] | null;
  replyTo: Address[] | null;
  size: number;
  textBody: BodyPart[];
  htmlBody: BodyPart[];
  bodyValues: Record<string, { value: string; isTruncated: boolean; isEncodingProblem: boolean }>;
  attachments: BodyPart[];
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

/** The conditions of RFC 8621 4.4.1 that the panel uses. */
export interface Condition {
  inMailbox?: string;
  text?: string;
  from?: string;
  to?: string;
  subject?: string;
  body?: string;
  before?: string;
  after?: string;
  hasAttachment?: boolean;
  hasKeyword?: string;
  notKeyword?: string;
}

export type Filter = Condition | { operator: 'AND' | 'OR' | 'NOT'; conditions: Filter[] };

export interface SetError {
  type: string;
  description?: string;
  descriptionIt?: string;
}

export interface SetResult {
  oldState?: string | null;
  newState?: string;
  created?: Record<string, { id: string }> | null;
  updated?: Record<string, unknown> | null;
  destroyed?: string[] | null;
  notCreated?: Record<string, SetError> | null;
  notUpdated?: Record<string, SetError> | null;
  notDestroyed?: Record<string, SetError> | null;
}

export type ReportAs = 'fraud' | 'junk' | 'honest';

export type BankState = 'seen' | 'learned' | 'verified' | 'revoked';

export interface BankDetail {
  iban: string;
  state: BankState;
  firstSeen?: string | null;
  lastSeen?: string | null;
  count?: number;
  source?: string | null;
}

/** What the firm's history knows of who wrote a message. */
export interface Context {
  emailId: string;
  address: string;
  name?: string | null;
  domain: string;
  company?: string | null;
  firstSeen?: string | null;
  lastSeen?: string | null;
  received?: number;
  sent?: number;
  domainReceived?: number;
  bankDetails: BankDetail[];
  messages: string[];
}

export interface Snippet {
  emailId: string;
  subject: string | null;
  preview: string | null;
}

export interface Person {
  id: string;
  address: string;
  name: string;
  state: 'active' | 'disabled';
  role: 'admin' | 'member';
  usedBytes: number;
  quotaBytes: number;
  createdAt: string;
  lastLoginAt: string | null;
  /** Passwords of mail programs in force. */
  tokens?: number;
}

/** A domain works once its owner has published a record that only he can publish. */
export interface Domain {
  id: string;
  domain: string;
  createdAt: string;
  state: 'proven' | 'pending' | 'lapsed';
  recordName: string | null;
  recordValue: string | null;
  checkedAt: string | null;
  reason: 'notFound' | 'wrong' | 'dns' | 'taken' | null;
  reasonText: Bilingual | null;
}

export interface Delivery {
  id: string;
  at: string;
  client: string | null;
  helo: string | null;
  reversePath: string | null;
  recipients: string[];
  size: number;
  outcome: 'accepted' | 'refused';
  verdict: string | null;
  reply: string | null;
}

/** A delivery with what became of it for each recipient. */
export interface Trace {
  id: string;
  transaction: Delivery;
  recipients: {
    address: string;
    known: boolean;
    removed: boolean;
    messages: { verdict: string; held: boolean; mailboxes: string[] }[];
  }[];
}

export interface RoleHealth {
  role: string;
  pid: number;
  restarts: number;
  /** One layer a line: "seccomp=on". */
  layers: string;
}

export interface Health {
  ready?: boolean;
  roles: RoleHealth[];
  cells: { id: number; good: boolean; state: string; why: string }[];
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
      collapseThreads?: boolean;
    };
    result: QueryResult;
  };
  'Email/get': {
    args: {
      ids?: string[];
      '#ids'?: ResultReference;
      properties?: string[];
      fetchTextBodyValues?: boolean;
      fetchHTMLBodyValues?: boolean;
      maxBodyValueBytes?: number;
    };
    result: GetResult<Email>;
  };
  'Email/changes': { args: { sinceState: string; maxChanges?: number }; result: ChangesResult };
  'Email/set': { args: { update?: Record<string, Record<string, unknown>>; destroy?: string[] }; result: SetResult };
  'Thread/get': { args: { ids?: string[]; '#ids'?: ResultReference }; result: GetResult<{ id: string; emailIds: string[] }> };
  'SearchSnippet/get': { args: { filter: Filter; '#emailIds': ResultReference }; result: { list: Snippet[] } };
  'Held/release': {
    args: { ids: string[]; reason: string };
    result: { released?: Record<string, string> | null; notReleased?: Record<string, SetError> | null };
  };
  'Held/discard': {
    args: { ids: string[] };
    result: { discarded?: string[] | null; notDiscarded?: Record<string, SetError> | null };
  };
  'Guard/report': {
    args: { ids: string[]; as: ReportAs };
    result: { reported?: string[] | null; notReported?: Record<string, SetError> | null };
  };
  'Context/get': { args: { emailId: string }; result: Context };
  'Person/get': { args: { ids: string[] | null }; result: GetResult<Person> };
  'Person/set': {
    args: { create?: Record<string, Record<string, unknown>>; update?: Record<string, Record<string, unknown>> };
    result: SetResult;
  };
  'Domain/get': { args: { ids: string[] | null }; result: GetResult<Domain> };
  'Domain/set': { args: { create?: Record<string, { domain: string }>; update?: Record<string, { verify: true }>; destroy?: string[] }; result: SetResult };
  'Delivery/query': {
    args: {
      filter: { text?: string; after?: string; before?: string; outcome?: string };
      limit: number;
      position: number;
    };
    result: { list: Delivery[]; total?: number };
  };
  'Delivery/get': { args: { ids: string[] }; result: GetResult<Trace> };
  'Health/get': { args: Record<string, never>; result: Health };
}

export interface ResultReference {
  resultOf: string;
  name: string;
  path: string;
}
