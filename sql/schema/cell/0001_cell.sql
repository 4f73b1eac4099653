-- A cell: many firms in one database. Every key begins with org, so that tenants cannot mix, a firm moves by copying its rows, and the schema distributes
-- by org. Ids are 63-bit, given per org from org.next_id under the fence. Times are milliseconds since 1970 UTC.
-- Indexes are few on purpose: each one is a b-tree written by every delivery.

-- The cell itself: one row, which is also the fence on PostgreSQL (FOR UPDATE).
CREATE TABLE cell_meta (
    one integer NOT NULL PRIMARY KEY,
    uuid blob NOT NULL,
    epoch integer NOT NULL,
    last_group blob NOT NULL,        -- uuid of the last committed group, zeros at first
    last_wall_ms integer NOT NULL,   -- txn.now_ms never goes behind it
    next_pack integer NOT NULL,
    readonly text NOT NULL,          -- reason, '' while writable
    created_ms integer NOT NULL
) WITHOUT ROWID;

-- Which groups committed: read when the connection was lost at COMMIT. Kept COMMIT_LOG_KEEP_MS.
CREATE TABLE commit_log (
    group_uuid blob NOT NULL PRIMARY KEY,
    at_ms integer NOT NULL,
    jobs integer NOT NULL
) WITHOUT ROWID;
CREATE INDEX commit_log_at ON commit_log (at_ms);

CREATE TABLE pack (
    pack integer NOT NULL PRIMARY KEY,
    node text NOT NULL,              -- the machine whose process appends to it
    created_ms integer NOT NULL,
    state integer NOT NULL           -- 0 open or sealed, 1 removed by garbage collection
) WITHOUT ROWID;

CREATE TABLE org (
    org integer NOT NULL PRIMARY KEY,
    name text NOT NULL,
    key blob NOT NULL,               -- 32 bytes: HMAC of contents, hash of thread references
    seq integer NOT NULL,            -- last given
    next_id integer NOT NULL,
    state integer NOT NULL,          -- 0 pending, 1 active, 2 disabled
    created_ms integer NOT NULL
) WITHOUT ROWID;

CREATE TABLE domain (
    org integer NOT NULL,
    domain text NOT NULL,
    created_ms integer NOT NULL,
    PRIMARY KEY (org, domain)
) WITHOUT ROWID;

CREATE TABLE account (
    org integer NOT NULL,
    account integer NOT NULL,
    address text NOT NULL,
    name text NOT NULL,
    state integer NOT NULL,          -- 0 pending, 1 active, 2 disabled
    created_ms integer NOT NULL,
    PRIMARY KEY (org, account)
) WITHOUT ROWID;
CREATE UNIQUE INDEX account_address ON account (org, address);

CREATE TABLE credential (
    org integer NOT NULL,
    account integer NOT NULL,
    credential integer NOT NULL,
    kind integer NOT NULL,           -- 1 password (argon2id)
    hash text NOT NULL,
    created_ms integer NOT NULL,
    PRIMARY KEY (org, account, credential)
) WITHOUT ROWID;

-- Counters of JMAP state (RFC 8620 5.1): the seq of the last change of each type; floor: older states cannot be calculated from any more.
CREATE TABLE jmap_state (
    org integer NOT NULL,
    account integer NOT NULL,
    mailbox_seq integer NOT NULL,
    email_seq integer NOT NULL,
    thread_seq integer NOT NULL,
    floor_seq integer NOT NULL,
    PRIMARY KEY (org, account)
) WITHOUT ROWID;

-- An account has some hundred mailboxes at most: changes since a seq are found by reading them all, so there is no index by seq.
CREATE TABLE mailbox (
    org integer NOT NULL,
    account integer NOT NULL,
    mailbox integer NOT NULL,
    parent integer NOT NULL,         -- 0 at the top
    name text NOT NULL,
    role integer NOT NULL,           -- enum mail_role
    sort_order integer NOT NULL,
    uidvalidity integer NOT NULL,
    uidnext integer NOT NULL,
    modseq integer NOT NULL,         -- HIGHESTMODSEQ (RFC 7162)
    total integer NOT NULL,          -- placements that are Emails
    unread integer NOT NULL,
    threads integer NOT NULL,
    unread_threads integer NOT NULL, -- threads with an unread Email in this mailbox (RFC 8621 2, the simple reading)
    stubs integer NOT NULL,          -- stand-ins of held messages: IMAP EXISTS is total + stubs
    bytes integer NOT NULL,
    created_seq integer NOT NULL,
    seq integer NOT NULL,            -- last change of name, role, order or counters
    PRIMARY KEY (org, account, mailbox)
) WITHOUT ROWID;
CREATE UNIQUE INDEX mailbox_name ON mailbox (org, account, parent, name);

-- Contents. hmac: the first 16 bytes of HMAC-SHA-256(org key, sha256), so that equal contents of two firms cannot be told from the database.
CREATE TABLE blob (
    org integer NOT NULL,
    blob integer NOT NULL,
    hmac blob NOT NULL,
    sha256 blob NOT NULL,
    size integer NOT NULL,
    pack integer NOT NULL,
    pack_offset integer NOT NULL,
    pack_length integer NOT NULL,
    PRIMARY KEY (org, blob)
) WITHOUT ROWID;
CREATE UNIQUE INDEX blob_hmac ON blob (org, hmac);

-- Immutable content of a message; only seq moves (with every change of its placements). Ids rise, so rows of a firm are appended.
CREATE TABLE message (
    org integer NOT NULL,
    message integer NOT NULL,
    account integer NOT NULL,
    thread integer NOT NULL,
    blob integer NOT NULL,
    size integer NOT NULL,
    received_ms integer NOT NULL,
    sent_ms integer NOT NULL,
    message_id text NOT NULL,
    in_reply_to text NOT NULL,
    refs text NOT NULL,              -- ids separated by spaces, oldest first
    subject text NOT NULL,
    from_name text NOT NULL,
    from_addr text NOT NULL,
    preview text NOT NULL,
    has_attachment integer NOT NULL,
    verdict integer NOT NULL,        -- enum mail_verdict as judged
    held integer NOT NULL,           -- 1 while held
    score integer NOT NULL,
    findings text NOT NULL,
    accepted_id text NOT NULL,
    created_seq integer NOT NULL,
    seq integer NOT NULL,
    PRIMARY KEY (org, message)
);
CREATE INDEX message_seq ON message (org, account, seq);
CREATE INDEX message_received ON message (org, account, received_ms, message);

-- The two encodings of what a scan found. structure never changes (a UID's BODYSTRUCTURE may not); insight is made anew by newer releases.
CREATE TABLE message_facts (
    org integer NOT NULL,
    message integer NOT NULL,
    structure blob NOT NULL,
    insight_version integer NOT NULL,
    insight blob NOT NULL,           -- zstd
    PRIMARY KEY (org, message)
);

CREATE TABLE thread (
    org integer NOT NULL,
    thread integer NOT NULL,
    account integer NOT NULL,
    created_seq integer NOT NULL,
    seq integer NOT NULL,            -- last time an Email came or went
    PRIMARY KEY (org, thread)
) WITHOUT ROWID;
CREATE INDEX thread_seq ON thread (org, account, seq);

-- ref: SipHash (org key) of a message id and the base subject: a reply joins only when both agree (RFC 8621 3).
CREATE TABLE thread_ref (
    org integer NOT NULL,
    account integer NOT NULL,
    ref integer NOT NULL,
    thread integer NOT NULL,
    PRIMARY KEY (org, account, ref)
) WITHOUT ROWID;

-- A message in a mailbox under a UID. Its served bytes (blob) never change. stub = 1: stand-in of the held message, no Email.
CREATE TABLE placement (
    org integer NOT NULL,
    account integer NOT NULL,
    mailbox integer NOT NULL,
    uid integer NOT NULL,
    message integer NOT NULL,
    thread integer NOT NULL,
    blob integer NOT NULL,
    size integer NOT NULL,
    internal_ms integer NOT NULL,
    flags integer NOT NULL,          -- enum mail_flag
    stub integer NOT NULL,
    created_seq integer NOT NULL,
    seq integer NOT NULL,            -- MODSEQ
    PRIMARY KEY (org, account, mailbox, uid)
) WITHOUT ROWID;
CREATE INDEX placement_thread ON placement (org, account, thread, message);
CREATE INDEX placement_time ON placement (org, account, mailbox, internal_ms);
CREATE INDEX placement_seq ON placement (org, account, mailbox, seq);

-- What was removed: type 1 mailbox, 2 email, 3 thread (enum sync_type), 4 placement (id = mailbox, uid set). Kept TOMBSTONE_KEEP_MS.
CREATE TABLE tombstone (
    org integer NOT NULL,
    account integer NOT NULL,
    type integer NOT NULL,
    seq integer NOT NULL,
    id integer NOT NULL,
    uid integer NOT NULL,
    created_seq integer NOT NULL,
    at_ms integer NOT NULL,
    PRIMARY KEY (org, account, type, seq, id, uid)
) WITHOUT ROWID;

-- One row per accepted transaction: resends are recognised by key while unreplied; `sigillo trace` reads the rest.
CREATE TABLE accepted (
    org integer NOT NULL,
    id text NOT NULL,
    key blob NOT NULL,
    client text NOT NULL,
    helo text NOT NULL,
    reverse_path text NOT NULL,
    recipients text NOT NULL,
    size integer NOT NULL,
    at_ms integer NOT NULL,
    verdict integer NOT NULL,
    replied integer NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE INDEX accepted_unreplied ON accepted (org, key) WHERE replied = 0;

-- Business events only, never flags. audit: hash = SHA-256 of the previous hash and the row's fields, linked under the fence.
CREATE TABLE audit (
    org integer NOT NULL,
    seq integer NOT NULL,
    at_ms integer NOT NULL,
    who text NOT NULL,
    what text NOT NULL,
    detail text NOT NULL,
    hash blob NOT NULL,
    PRIMARY KEY (org, seq)
) WITHOUT ROWID;

CREATE TABLE event (
    org integer NOT NULL,
    seq integer NOT NULL,
    at_ms integer NOT NULL,
    account integer NOT NULL,
    what text NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (org, seq)
) WITHOUT ROWID;

-- What the guard knows of counterparties. state: 0 seen, 1 learned, 2 verified, 3 revoked. who: the person who decided, '' when learned by mails.
CREATE TABLE party (
    org integer NOT NULL,
    domain text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,        -- rises with every change of its details
    created_ms integer NOT NULL,
    PRIMARY KEY (org, domain)
) WITHOUT ROWID;

CREATE TABLE party_detail (
    org integer NOT NULL,
    domain text NOT NULL,
    kind integer NOT NULL,           -- 1 IBAN
    value text NOT NULL,
    first_ms integer NOT NULL,
    last_ms integer NOT NULL,
    count integer NOT NULL,          -- accepted mails that showed it
    state integer NOT NULL,
    who text NOT NULL,
    PRIMARY KEY (org, domain, kind, value)
) WITHOUT ROWID;

CREATE TABLE sender (
    org integer NOT NULL,
    address text NOT NULL,           -- an address, or a domain (no "@")
    first_ms integer NOT NULL,
    last_ms integer NOT NULL,
    count integer NOT NULL,
    PRIMARY KEY (org, address)
) WITHOUT ROWID;
