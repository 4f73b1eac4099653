-- Firms, people and their mailboxes inside a cell.
-- set: cell

-- name: org_insert
-- args: org int, name text, key blob, at_ms int
INSERT INTO org (org, name, key, seq, next_id, state, created_ms) VALUES (:org, :name, :key, 0, 1, 0, :at_ms) ON CONFLICT (org) DO NOTHING

-- name: org_state
-- args: org int, state int
UPDATE org SET state = :state WHERE org = :org

-- name: org_numbers
-- args: org int
SELECT seq, next_id, key FROM org WHERE org = :org

-- name: org_numbers_set
-- args: org int, seq int, next_id int
UPDATE org SET seq = :seq, next_id = :next_id WHERE org = :org

-- name: org_get
-- args: org int
SELECT name, state FROM org WHERE org = :org

-- name: domain_insert
-- args: org int, domain text, at_ms int
INSERT INTO domain (org, domain, created_ms) VALUES (:org, :domain, :at_ms) ON CONFLICT (org, domain) DO NOTHING

-- name: domain_list
-- args: org int
SELECT domain FROM domain WHERE org = :org ORDER BY domain

-- name: account_insert
-- args: org int, account int, address text, name text, at_ms int
-- The first person of a firm is its administrator.
INSERT INTO account (org, account, address, name, state, created_ms, role)
VALUES (:org, :account, :address, :name, 0, :at_ms, CASE WHEN EXISTS (SELECT 1 FROM account b WHERE b.org = :org) THEN 0 ELSE 1 END)

-- name: account_state
-- args: org int, account int, state int
UPDATE account SET state = :state WHERE org = :org AND account = :account

-- name: account_by_address
-- args: org int, address text
SELECT account, state FROM account WHERE org = :org AND address = :address

-- name: account_get
-- args: org int, account int
SELECT address, name, state FROM account WHERE org = :org AND account = :account

-- name: account_list
-- args: org int, after int, most int
SELECT account, address, name, state FROM account WHERE org = :org AND account > :after ORDER BY account LIMIT :most

-- name: account_people
-- args: org int
SELECT address, name FROM account WHERE org = :org AND state = 1 ORDER BY account

-- name: credential_insert
-- args: org int, account int, credential int, kind int, hash text, at_ms int
INSERT INTO credential (org, account, credential, kind, hash, created_ms) VALUES (:org, :account, :credential, :kind, :hash, :at_ms)

-- name: credential_login
-- args: org int, account int
SELECT c.hash, a.name, o.name, c.created_ms FROM account a JOIN org o ON o.org = a.org JOIN credential c ON c.org = a.org AND c.account = a.account
WHERE a.org = :org AND a.account = :account AND a.state = 1 AND o.state = 1 AND c.kind = 1 ORDER BY c.credential DESC LIMIT 1

-- name: credential_replace
-- args: org int, account int, hash text, at_ms int
UPDATE credential SET hash = :hash, created_ms = :at_ms WHERE org = :org AND account = :account AND kind = 1

-- name: jmap_state_insert
-- args: org int, account int, seq int
INSERT INTO jmap_state (org, account, mailbox_seq, email_seq, thread_seq, floor_seq) VALUES (:org, :account, :seq, :seq, :seq, :seq)

-- name: jmap_state_raise
-- args: org int, account int, mailbox_seq int, email_seq int, thread_seq int
-- engine: sqlite
UPDATE jmap_state SET mailbox_seq = max(mailbox_seq, :mailbox_seq), email_seq = max(email_seq, :email_seq), thread_seq = max(thread_seq, :thread_seq)
WHERE org = :org AND account = :account
-- name: jmap_state_raise
-- args: org int, account int, mailbox_seq int, email_seq int, thread_seq int
-- engine: postgresql
UPDATE jmap_state SET mailbox_seq = greatest(mailbox_seq, :mailbox_seq), email_seq = greatest(email_seq, :email_seq),
    thread_seq = greatest(thread_seq, :thread_seq)
WHERE org = :org AND account = :account

-- name: jmap_state_get
-- args: org int, account int
SELECT mailbox_seq, email_seq, thread_seq, floor_seq FROM jmap_state WHERE org = :org AND account = :account

-- name: jmap_state_floor
-- args: org int, account int, floor_seq int
UPDATE jmap_state SET floor_seq = :floor_seq WHERE org = :org AND account = :account AND floor_seq < :floor_seq

-- name: mailbox_insert
-- args: org int, account int, mailbox int, parent int, name text, role int, sort_order int, uidvalidity int, seq int
INSERT INTO mailbox (org, account, mailbox, parent, name, role, sort_order, uidvalidity, uidnext, modseq, total, unread, threads, unread_threads,
    stubs, bytes, created_seq, seq)
VALUES (:org, :account, :mailbox, :parent, :name, :role, :sort_order, :uidvalidity, 1, :seq, 0, 0, 0, 0, 0, 0, :seq, :seq)

-- name: mailbox_by_role
-- args: org int, account int, role int
SELECT mailbox FROM mailbox WHERE org = :org AND account = :account AND role = :role ORDER BY mailbox LIMIT 1

-- name: mailbox_get
-- args: org int, account int, mailbox int
SELECT mailbox, parent, name, role, sort_order, uidvalidity, uidnext, modseq, total, unread, threads, unread_threads, stubs, bytes, created_seq, seq
FROM mailbox WHERE org = :org AND account = :account AND mailbox = :mailbox

-- name: mailbox_list
-- args: org int, account int
SELECT mailbox, parent, name, role, sort_order, uidvalidity, uidnext, modseq, total, unread, threads, unread_threads, stubs, bytes, created_seq, seq, subscribed
FROM mailbox WHERE org = :org AND account = :account ORDER BY sort_order, name

-- The next UID and what the pack's place record names.
-- name: mailbox_next
-- args: org int, account int, mailbox int
SELECT m.uidnext, m.name, a.address FROM mailbox m JOIN account a ON a.org = m.org AND a.account = m.account
WHERE m.org = :org AND m.account = :account AND m.mailbox = :mailbox

-- name: mailbox_place
-- args: org int, account int, mailbox int, uid int, seq int, total int, unread int, threads int, unread_threads int, stubs int, bytes int
UPDATE mailbox SET uidnext = :uid + 1, modseq = :seq, seq = :seq, total = total + :total, unread = unread + :unread, threads = threads + :threads,
    unread_threads = unread_threads + :unread_threads, stubs = stubs + :stubs, bytes = bytes + :bytes
WHERE org = :org AND account = :account AND mailbox = :mailbox

-- name: mailbox_count
-- args: org int, account int, mailbox int, seq int, total int, unread int, threads int, unread_threads int, stubs int, bytes int
UPDATE mailbox SET modseq = :seq, seq = :seq, total = total + :total, unread = unread + :unread, threads = threads + :threads,
    unread_threads = unread_threads + :unread_threads, stubs = stubs + :stubs, bytes = bytes + :bytes
WHERE org = :org AND account = :account AND mailbox = :mailbox

-- name: mailbox_modseq
-- args: org int, account int, mailbox int, modseq int
UPDATE mailbox SET modseq = :modseq WHERE org = :org AND account = :account AND mailbox = :mailbox

-- What the guard has on file of counterparties.
-- name: party_put
-- args: org int, domain text, name text, at_ms int
INSERT INTO party (org, domain, name, version, created_ms) VALUES (:org, :domain, :name, 1, :at_ms)
ON CONFLICT (org, domain) DO UPDATE SET name = CASE WHEN excluded.name = '' THEN party.name ELSE excluded.name END, version = party.version + 1

-- name: party_get
-- args: org int, domain text
SELECT name, version, created_ms FROM party WHERE org = :org AND domain = :domain

-- name: party_list
-- args: org int
SELECT domain, name, version FROM party WHERE org = :org ORDER BY domain

-- name: party_detail_list
-- args: org int, domain text, kind int, most int
SELECT value, first_ms, last_ms, count, state, who FROM party_detail WHERE org = :org AND domain = :domain AND kind = :kind
ORDER BY state DESC, count DESC, value LIMIT :most

-- name: party_detail_get
-- args: org int, domain text, kind int, value text
SELECT first_ms, last_ms, count, state FROM party_detail WHERE org = :org AND domain = :domain AND kind = :kind AND value = :value

-- name: party_detail_put
-- args: org int, domain text, kind int, value text, first_ms int, last_ms int, count int, state int, who text
INSERT INTO party_detail (org, domain, kind, value, first_ms, last_ms, count, state, who)
VALUES (:org, :domain, :kind, :value, :first_ms, :last_ms, :count, :state, :who)
ON CONFLICT (org, domain, kind, value) DO UPDATE SET first_ms = excluded.first_ms, last_ms = excluded.last_ms, count = excluded.count,
    state = excluded.state, who = CASE WHEN excluded.who = '' THEN party_detail.who ELSE excluded.who END
