-- Messages, contents, threads, placements, hold, resends.
-- set: cell

-- Equal content of a firm is joined: the row that came first stays. Two plain statements: RETURNING costs SQLite as much as three of them.
-- name: blob_find
-- args: org int, hmac blob
SELECT blob, sha256 FROM blob WHERE org = :org AND hmac = :hmac

-- name: blob_insert
-- args: org int, blob int, hmac blob, sha256 blob, size int, pack int, pack_offset int, pack_length int
INSERT INTO blob (org, blob, hmac, sha256, size, pack, pack_offset, pack_length)
VALUES (:org, :blob, :hmac, :sha256, :size, :pack, :pack_offset, :pack_length) ON CONFLICT (org, hmac) DO NOTHING

-- name: blob_get
-- args: org int, blob int
SELECT pack, pack_offset, pack_length, size, sha256 FROM blob WHERE org = :org AND blob = :blob

-- name: message_insert
-- args: org int, message int, account int, thread int, blob int, size int, received_ms int, sent_ms int, message_id text, in_reply_to text, refs text, subject text, from_name text, from_addr text, preview text, has_attachment int, verdict int, held int, score int, findings text, accepted_id text, seq int
INSERT INTO message (org, message, account, thread, blob, size, received_ms, sent_ms, message_id, in_reply_to, refs, subject, from_name, from_addr,
    preview, has_attachment, verdict, held, score, findings, accepted_id, created_seq, seq)
VALUES (:org, :message, :account, :thread, :blob, :size, :received_ms, :sent_ms, :message_id, :in_reply_to, :refs, :subject, :from_name, :from_addr,
    :preview, :has_attachment, :verdict, :held, :score, :findings, :accepted_id, :seq, :seq)

-- name: message_seq
-- args: org int, account int, message int, seq int
UPDATE message SET seq = :seq WHERE org = :org AND message = :message AND account = :account

-- name: message_held
-- args: org int, account int, message int, held int
UPDATE message SET held = :held WHERE org = :org AND message = :message AND account = :account

-- name: message_brief
-- args: org int, account int, message int
SELECT thread, blob, size, received_ms, held, created_seq, seq, verdict FROM message WHERE org = :org AND message = :message AND account = :account

-- name: message_delete
-- args: org int, account int, message int
DELETE FROM message WHERE org = :org AND message = :message AND account = :account

-- name: message_get
-- args: org int, account int, message int
SELECT thread, blob, size, received_ms, sent_ms, message_id, in_reply_to, refs, subject, from_name, from_addr, preview, has_attachment, verdict, held,
    score, findings, accepted_id, created_seq, seq
FROM message WHERE org = :org AND message = :message AND account = :account

-- name: message_blob
-- args: org int, account int, message int
SELECT b.pack, b.pack_offset, b.pack_length, b.size, b.sha256, m.held FROM message m JOIN blob b ON b.org = m.org AND b.blob = m.blob
WHERE m.org = :org AND m.message = :message AND m.account = :account

-- name: facts_insert
-- args: org int, message int, structure blob, insight_version int, insight blob
INSERT INTO message_facts (org, message, structure, insight_version, insight) VALUES (:org, :message, :structure, :insight_version, :insight)

-- name: facts_update
-- args: org int, message int, insight_version int, insight blob
UPDATE message_facts SET insight_version = :insight_version, insight = :insight WHERE org = :org AND message = :message

-- name: facts_get
-- args: org int, account int, message int
SELECT f.structure, f.insight_version, f.insight FROM message m JOIN message_facts f ON f.org = m.org AND f.message = m.message
WHERE m.org = :org AND m.message = :message AND m.account = :account

-- name: facts_delete
-- args: org int, message int
DELETE FROM message_facts WHERE org = :org AND message = :message

-- name: thread_find_one
-- args: org int, account int, ref int
SELECT r.thread FROM thread_ref r JOIN thread h ON h.org = r.org AND h.thread = r.thread WHERE r.org = :org AND r.account = :account AND r.ref = :ref

-- The oldest living thread that knows one of eight references. A thread whose last Email went is not woken: ids are never used again.
-- name: thread_find
-- args: org int, account int, r0 int, r1 int, r2 int, r3 int, r4 int, r5 int, r6 int, r7 int
SELECT r.thread FROM thread_ref r JOIN thread h ON h.org = r.org AND h.thread = r.thread
WHERE r.org = :org AND r.account = :account AND r.ref IN (:r0, :r1, :r2, :r3, :r4, :r5, :r6, :r7) ORDER BY r.thread LIMIT 1

-- name: thread_ref_insert
-- args: org int, account int, ref int, thread int
INSERT INTO thread_ref (org, account, ref, thread) VALUES (:org, :account, :ref, :thread) ON CONFLICT (org, account, ref) DO NOTHING

-- name: thread_ref_take
-- args: org int, account int, ref int, thread int
INSERT INTO thread_ref (org, account, ref, thread) VALUES (:org, :account, :ref, :thread)
ON CONFLICT (org, account, ref) DO UPDATE SET thread = excluded.thread

-- name: thread_insert
-- args: org int, thread int, account int, seq int
INSERT INTO thread (org, thread, account, created_seq, seq) VALUES (:org, :thread, :account, :seq, :seq)

-- name: thread_touch
-- args: org int, thread int, account int, seq int
UPDATE thread SET seq = :seq WHERE org = :org AND thread = :thread AND account = :account

-- name: thread_get
-- args: org int, account int, thread int
SELECT created_seq, seq FROM thread WHERE org = :org AND thread = :thread AND account = :account

-- name: thread_delete
-- args: org int, account int, thread int
DELETE FROM thread WHERE org = :org AND thread = :thread AND account = :account

-- INDEXED BY: without statistics SQLite takes the primary key and reads the whole account.
-- name: thread_emails
-- args: org int, account int, thread int
-- engine: sqlite
SELECT count(*) FROM placement INDEXED BY placement_thread WHERE org = :org AND account = :account AND thread = :thread AND stub = 0
-- name: thread_emails
-- args: org int, account int, thread int
-- engine: postgresql
SELECT count(*) FROM placement WHERE org = :org AND account = :account AND thread = :thread AND stub = 0

-- Members in order of arrival (RFC 8621 3).
-- name: thread_members
-- args: org int, account int, thread int, most int
-- engine: sqlite
SELECT DISTINCT p.message, m.received_ms FROM placement p INDEXED BY placement_thread JOIN message m ON m.org = p.org AND m.message = p.message
WHERE p.org = :org AND p.account = :account AND p.thread = :thread AND p.stub = 0 ORDER BY m.received_ms, p.message LIMIT :most
-- name: thread_members
-- args: org int, account int, thread int, most int
-- engine: postgresql
SELECT DISTINCT p.message, m.received_ms FROM placement p JOIN message m ON m.org = p.org AND m.message = p.message
WHERE p.org = :org AND p.account = :account AND p.thread = :thread AND p.stub = 0 ORDER BY m.received_ms, p.message LIMIT :most

-- Emails of a thread in one mailbox, and how many of them are unread.
-- name: thread_in_mailbox
-- args: org int, account int, thread int, mailbox int
-- engine: sqlite
SELECT count(*), coalesce(sum(CASE WHEN (flags & 1) = 0 THEN 1 ELSE 0 END), 0) FROM placement INDEXED BY placement_thread
WHERE org = :org AND account = :account AND thread = :thread AND mailbox = :mailbox AND stub = 0
-- name: thread_in_mailbox
-- args: org int, account int, thread int, mailbox int
-- engine: postgresql
SELECT count(*), coalesce(sum(CASE WHEN (flags & 1) = 0 THEN 1 ELSE 0 END), 0) FROM placement
WHERE org = :org AND account = :account AND thread = :thread AND mailbox = :mailbox AND stub = 0

-- name: placement_insert
-- args: org int, account int, mailbox int, uid int, message int, thread int, blob int, size int, internal_ms int, flags int, stub int, seq int
INSERT INTO placement (org, account, mailbox, uid, message, thread, blob, size, internal_ms, flags, stub, created_seq, seq)
VALUES (:org, :account, :mailbox, :uid, :message, :thread, :blob, :size, :internal_ms, :flags, :stub, :seq, :seq)

-- The newest Email of a thread in a mailbox stands for it (placement.older): after one came, after one went.
-- name: placement_head_came
-- args: org int, account int, thread int, mailbox int
-- engine: sqlite
UPDATE placement INDEXED BY placement_thread SET older = 1
WHERE org = :org AND account = :account AND thread = :thread AND mailbox = :mailbox AND stub = 0 AND older = 0
    AND uid <> (SELECT n.uid FROM placement n INDEXED BY placement_thread WHERE n.org = :org AND n.account = :account AND n.thread = :thread
        AND n.mailbox = :mailbox AND n.stub = 0 ORDER BY n.internal_ms DESC, n.uid DESC LIMIT 1)
-- name: placement_head_came
-- args: org int, account int, thread int, mailbox int
-- engine: postgresql
UPDATE placement SET older = 1 WHERE org = :org AND account = :account AND thread = :thread AND mailbox = :mailbox AND stub = 0 AND older = 0
    AND uid <> (SELECT n.uid FROM placement n WHERE n.org = :org AND n.account = :account AND n.thread = :thread
        AND n.mailbox = :mailbox AND n.stub = 0 ORDER BY n.internal_ms DESC, n.uid DESC LIMIT 1)

-- name: placement_head_went
-- args: org int, account int, thread int, mailbox int
-- engine: sqlite
UPDATE placement SET older = 0 WHERE org = :org AND account = :account AND mailbox = :mailbox AND older = 1
    AND uid = (SELECT n.uid FROM placement n INDEXED BY placement_thread WHERE n.org = :org AND n.account = :account AND n.thread = :thread
        AND n.mailbox = :mailbox AND n.stub = 0 ORDER BY n.internal_ms DESC, n.uid DESC LIMIT 1)
-- name: placement_head_went
-- args: org int, account int, thread int, mailbox int
-- engine: postgresql
UPDATE placement SET older = 0 WHERE org = :org AND account = :account AND mailbox = :mailbox AND older = 1
    AND uid = (SELECT n.uid FROM placement n WHERE n.org = :org AND n.account = :account AND n.thread = :thread
        AND n.mailbox = :mailbox AND n.stub = 0 ORDER BY n.internal_ms DESC, n.uid DESC LIMIT 1)

-- name: placement_get
-- args: org int, account int, mailbox int, uid int
SELECT message, thread, blob, size, internal_ms, flags, stub, created_seq, seq FROM placement
WHERE org = :org AND account = :account AND mailbox = :mailbox AND uid = :uid

-- name: placement_flags
-- args: org int, account int, mailbox int, uid int, flags int, seq int
UPDATE placement SET flags = :flags, seq = :seq WHERE org = :org AND account = :account AND mailbox = :mailbox AND uid = :uid

-- name: placement_delete
-- args: org int, account int, mailbox int, uid int
DELETE FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox AND uid = :uid

-- name: placement_of_message
-- args: org int, account int, thread int, message int
-- engine: sqlite
SELECT mailbox, uid, flags, stub, blob, size, internal_ms, seq FROM placement INDEXED BY placement_thread
WHERE org = :org AND account = :account AND thread = :thread AND message = :message ORDER BY mailbox, uid
-- name: placement_of_message
-- args: org int, account int, thread int, message int
-- engine: postgresql
SELECT mailbox, uid, flags, stub, blob, size, internal_ms, seq FROM placement
WHERE org = :org AND account = :account AND thread = :thread AND message = :message ORDER BY mailbox, uid

-- name: placement_blob
-- args: org int, account int, mailbox int, uid int
SELECT b.pack, b.pack_offset, b.pack_length, b.size, b.sha256 FROM placement p JOIN blob b ON b.org = p.org AND b.blob = p.blob
WHERE p.org = :org AND p.account = :account AND p.mailbox = :mailbox AND p.uid = :uid

-- name: tombstone_insert
-- args: org int, account int, type int, seq int, id int, uid int, created_seq int, at_ms int
INSERT INTO tombstone (org, account, type, seq, id, uid, created_seq, at_ms) VALUES (:org, :account, :type, :seq, :id, :uid, :created_seq, :at_ms)

-- name: accepted_insert
-- args: org int, id text, key blob, client text, helo text, reverse_path text, recipients text, size int, at_ms int, verdict int
INSERT INTO accepted (org, id, key, client, helo, reverse_path, recipients, size, at_ms, verdict, replied)
VALUES (:org, :id, :key, :client, :helo, :reverse_path, :recipients, :size, :at_ms, :verdict, 0)

-- name: accepted_resend
-- args: org int, key blob, since_ms int
-- "+ 0" keeps the planner from walking five days of accepted_at: accepted_unreplied holds next to nothing.
SELECT id FROM accepted WHERE org = :org AND key = :key AND replied = 0 AND at_ms + 0 > :since_ms ORDER BY at_ms + 0 LIMIT 1

-- name: accepted_replied
-- args: org int, id text
UPDATE accepted SET replied = 1 WHERE org = :org AND id = :id

-- name: accepted_get
-- args: org int, id text
SELECT key, client, helo, reverse_path, recipients, size, at_ms, verdict, replied FROM accepted WHERE org = :org AND id = :id

-- name: accepted_messages
-- args: org int, account int, from_ms int, to_ms int, id text
SELECT message, thread, held FROM message WHERE org = :org AND account = :account AND received_ms BETWEEN :from_ms AND :to_ms AND accepted_id = :id

-- name: audit_last
-- args: org int
SELECT seq, hash FROM audit WHERE org = :org ORDER BY seq DESC LIMIT 1

-- name: audit_insert
-- args: org int, seq int, at_ms int, who text, what text, detail text, hash blob
INSERT INTO audit (org, seq, at_ms, who, what, detail, hash) VALUES (:org, :seq, :at_ms, :who, :what, :detail, :hash)

-- name: audit_list
-- args: org int, after int, most int
SELECT seq, at_ms, who, what, detail, hash FROM audit WHERE org = :org AND seq > :after ORDER BY seq LIMIT :most

-- name: event_insert
-- args: org int, seq int, at_ms int, account int, what text, detail text
INSERT INTO event (org, seq, at_ms, account, what, detail) VALUES (:org, :seq, :at_ms, :account, :what, :detail)

-- name: event_list
-- args: org int, after int, most int
SELECT seq, at_ms, account, what, detail FROM event WHERE org = :org AND seq > :after ORDER BY seq LIMIT :most

-- Facts in order of their key, for the walk that makes old ones anew.
-- name: facts_versions
-- args: org int, message int, most int
-- no-org: jobs looks over all firms of the cell
SELECT f.org, f.message, f.insight_version, m.account FROM message_facts f JOIN message m ON m.org = f.org AND m.message = f.message
WHERE (f.org, f.message) > (:org, :message) ORDER BY f.org, f.message LIMIT :most

-- name: facts_version
-- args: org int, account int, message int
SELECT f.insight_version FROM message m JOIN message_facts f ON f.org = m.org AND f.message = m.message
WHERE m.org = :org AND m.message = :message AND m.account = :account

-- name: message_shown
-- args: org int, account int, message int, preview text, has_attachment int, seq int
UPDATE message SET preview = :preview, has_attachment = :has_attachment, seq = :seq WHERE org = :org AND message = :message AND account = :account

-- name: thread_ref_page
-- args: org int, account int, ref int, most int
-- no-org: jobs looks over all firms of the cell
SELECT r.org, r.account, r.ref, r.thread, CASE WHEN h.thread IS NULL THEN 1 ELSE 0 END FROM thread_ref r
LEFT JOIN thread h ON h.org = r.org AND h.thread = r.thread
WHERE (r.org, r.account, r.ref) > (:org, :account, :ref) ORDER BY r.org, r.account, r.ref LIMIT :most

-- name: thread_ref_delete
-- args: org int, account int, ref int, thread int
DELETE FROM thread_ref WHERE org = :org AND account = :account AND ref = :ref AND thread = :thread
