-- Reading everything in order, page by page, for `sigillo verify`; what `--fix` may mend.
-- set: cell

-- name: verify_org
-- no-org: verify reads all firms of a cell
-- args: org int, most int
SELECT org, seq, next_id, state FROM org WHERE org > :org ORDER BY org LIMIT :most

-- name: verify_account
-- no-org: verify reads all firms of a cell
-- args: org int, account int, most int
SELECT a.org, a.account, a.address, a.state, s.mailbox_seq, s.email_seq, s.thread_seq, s.floor_seq, o.seq, o.next_id
FROM account a LEFT JOIN jmap_state s ON s.org = a.org AND s.account = a.account LEFT JOIN org o ON o.org = a.org
WHERE (a.org, a.account) > (:org, :account) ORDER BY a.org, a.account LIMIT :most

-- name: verify_mailbox
-- no-org: verify reads all firms of a cell
-- args: org int, account int, mailbox int, most int
SELECT m.org, m.account, m.mailbox, m.name, m.role, m.uidnext, m.modseq, m.total, m.unread, m.threads, m.unread_threads, m.stubs, m.bytes, m.seq,
    o.seq, a.address
FROM mailbox m LEFT JOIN org o ON o.org = m.org LEFT JOIN account a ON a.org = m.org AND a.account = m.account
WHERE (m.org, m.account, m.mailbox) > (:org, :account, :mailbox) ORDER BY m.org, m.account, m.mailbox LIMIT :most

-- name: verify_placement
-- no-org: verify reads all firms of a cell
-- args: org int, account int, mailbox int, uid int, most int
SELECT p.org, p.account, p.mailbox, p.uid, p.message, p.thread, p.size, p.flags, p.stub, p.created_seq, p.seq, m.account, m.thread, m.held, m.blob,
    p.blob, b.sha256, b.size, p.internal_ms, p.older
FROM placement p LEFT JOIN message m ON m.org = p.org AND m.message = p.message LEFT JOIN blob b ON b.org = p.org AND b.blob = p.blob
WHERE (p.org, p.account, p.mailbox, p.uid) > (:org, :account, :mailbox, :uid) ORDER BY p.org, p.account, p.mailbox, p.uid LIMIT :most

-- name: verify_message
-- no-org: verify reads all firms of a cell
-- args: org int, message int, most int
-- engine: sqlite
SELECT m.org, m.message, m.account, m.thread, m.size, m.created_seq, m.seq, b.size, f.org, t.account, o.seq, o.next_id,
    (SELECT count(*) FROM placement p INDEXED BY placement_thread
     WHERE p.org = m.org AND p.account = m.account AND p.thread = m.thread AND p.message = m.message)
FROM message m LEFT JOIN blob b ON b.org = m.org AND b.blob = m.blob LEFT JOIN message_facts f ON f.org = m.org AND f.message = m.message
    LEFT JOIN thread t ON t.org = m.org AND t.thread = m.thread LEFT JOIN org o ON o.org = m.org
WHERE (m.org, m.message) > (:org, :message) ORDER BY m.org, m.message LIMIT :most
-- name: verify_message
-- no-org: verify reads all firms of a cell
-- args: org int, message int, most int
-- engine: postgresql
SELECT m.org, m.message, m.account, m.thread, m.size, m.created_seq, m.seq, b.size, f.org, t.account, o.seq, o.next_id,
    (SELECT count(*) FROM placement p WHERE p.org = m.org AND p.account = m.account AND p.thread = m.thread AND p.message = m.message)
FROM message m LEFT JOIN blob b ON b.org = m.org AND b.blob = m.blob LEFT JOIN message_facts f ON f.org = m.org AND f.message = m.message
    LEFT JOIN thread t ON t.org = m.org AND t.thread = m.thread LEFT JOIN org o ON o.org = m.org
WHERE (m.org, m.message) > (:org, :message) ORDER BY m.org, m.message LIMIT :most

-- name: verify_blob
-- no-org: verify reads all firms of a cell
-- args: org int, blob int, most int
SELECT org, blob, pack, pack_offset, pack_length, sha256, size, hmac FROM blob WHERE (org, blob) > (:org, :blob) ORDER BY org, blob LIMIT :most

-- name: verify_blob_users
-- args: org int, blob int, most int
SELECT a.address, m.message, m.subject, m.received_ms FROM message m JOIN account a ON a.org = m.org AND a.account = m.account
WHERE m.org = :org AND m.blob = :blob ORDER BY m.message LIMIT :most

-- What follows from other rows (verify_mend.c).
-- name: verify_fix_numbers
-- args: org int, seq int, next_id int
UPDATE org SET seq = CASE WHEN seq < :seq THEN :seq ELSE seq END, next_id = CASE WHEN next_id < :next_id THEN :next_id ELSE next_id END WHERE org = :org

-- name: verify_fix_message_thread
-- args: org int, account int, message int
UPDATE message SET thread = (SELECT p.thread FROM placement p JOIN thread t ON t.org = p.org AND t.thread = p.thread AND t.account = p.account
    WHERE p.org = :org AND p.account = :account AND p.message = :message ORDER BY p.mailbox, p.uid LIMIT 1)
WHERE org = :org AND account = :account AND message = :message
    AND EXISTS (SELECT 1 FROM placement p JOIN thread t ON t.org = p.org AND t.thread = p.thread AND t.account = p.account
        WHERE p.org = :org AND p.account = :account AND p.message = :message)

-- name: verify_fix_thread
-- args: org int, account int, thread int
INSERT INTO thread (org, thread, account, created_seq, seq)
SELECT org, thread, account, min(created_seq), max(seq) FROM message WHERE org = :org AND account = :account AND thread = :thread
GROUP BY org, thread, account
ON CONFLICT (org, thread) DO NOTHING

-- name: verify_fix_placement_thread
-- args: org int, account int, mailbox int, uid int
UPDATE placement SET thread = (SELECT m.thread FROM message m WHERE m.org = placement.org AND m.message = placement.message)
WHERE org = :org AND account = :account AND mailbox = :mailbox AND uid = :uid
    AND EXISTS (SELECT 1 FROM message m WHERE m.org = placement.org AND m.message = placement.message AND m.account = placement.account)

-- name: verify_fix_counters
-- args: org int, account int, mailbox int, uidnext int, modseq int, total int, unread int, threads int, unread_threads int, stubs int, bytes int
UPDATE mailbox SET uidnext = :uidnext, modseq = :modseq, total = :total, unread = :unread, threads = :threads, unread_threads = :unread_threads,
    stubs = :stubs, bytes = :bytes
WHERE org = :org AND account = :account AND mailbox = :mailbox

-- name: verify_dir_org
-- set: directory
-- no-org: verify reads all firms of a cell
-- args: org int, cell int, most int
SELECT org, state FROM dir_org WHERE org > :org AND cell = :cell ORDER BY org LIMIT :most

-- name: verify_dir_addresses
-- set: directory
-- args: org int
SELECT address, account, cell, state FROM dir_address WHERE org = :org ORDER BY account, address

-- Messages that the indexer reads.
-- name: verify_indexed
-- no-org: verify reads all firms of a cell
-- args: org int, message int, most int
SELECT m.org, m.message, m.account, m.seq FROM message m JOIN message_facts f ON f.org = m.org AND f.message = m.message
WHERE (m.org, m.message) > (:org, :message) AND m.held = 0 ORDER BY m.org, m.message LIMIT :most
