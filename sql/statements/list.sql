-- Lists of mail in order, a page at a time, each page beginning behind the last row of the one before: no page costs more for being far down.
-- set: cell

-- name: walk_mailbox_desc
-- args: org int, account int, mailbox int, after_ms int, ms int, uid int, most int
SELECT message, thread, internal_ms, uid, flags, stub FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox
    AND internal_ms >= :after_ms AND internal_ms <= :ms AND (internal_ms < :ms OR uid < :uid)
ORDER BY internal_ms DESC, uid DESC LIMIT :most

-- name: walk_mailbox_asc
-- args: org int, account int, mailbox int, before_ms int, ms int, uid int, most int
SELECT message, thread, internal_ms, uid, flags, stub FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox
    AND internal_ms < :before_ms AND internal_ms >= :ms AND (internal_ms > :ms OR uid > :uid)
ORDER BY internal_ms, uid LIMIT :most

-- name: walk_flagged_desc
-- args: org int, account int, mailbox int, after_ms int, ms int, uid int, most int
SELECT message, thread, internal_ms, uid, flags, stub FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox AND (flags & 4) = 4
    AND internal_ms >= :after_ms AND internal_ms <= :ms AND (internal_ms < :ms OR uid < :uid)
ORDER BY internal_ms DESC, uid DESC LIMIT :most

-- One row for each conversation: its newest Email.
-- name: walk_heads_desc
-- args: org int, account int, mailbox int, after_ms int, ms int, uid int, most int
-- engine: sqlite
SELECT message, thread, internal_ms, uid, flags, stub FROM placement INDEXED BY placement_head WHERE org = :org AND account = :account AND mailbox = :mailbox
    AND older = 0 AND stub = 0 AND internal_ms >= :after_ms AND internal_ms <= :ms AND (internal_ms < :ms OR uid < :uid)
ORDER BY internal_ms DESC, uid DESC LIMIT :most
-- name: walk_heads_desc
-- args: org int, account int, mailbox int, after_ms int, ms int, uid int, most int
-- engine: postgresql
SELECT message, thread, internal_ms, uid, flags, stub FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox
    AND older = 0 AND stub = 0 AND internal_ms >= :after_ms AND internal_ms <= :ms AND (internal_ms < :ms OR uid < :uid)
ORDER BY internal_ms DESC, uid DESC LIMIT :most

-- name: walk_account_desc
-- args: org int, account int, after_ms int, ms int, message int, most int
SELECT message, thread, received_ms FROM message WHERE org = :org AND account = :account
    AND received_ms >= :after_ms AND received_ms <= :ms AND (received_ms < :ms OR message < :message)
ORDER BY received_ms DESC, message DESC LIMIT :most

-- name: walk_account_asc
-- args: org int, account int, before_ms int, ms int, message int, most int
SELECT message, thread, received_ms FROM message WHERE org = :org AND account = :account
    AND received_ms < :before_ms AND received_ms >= :ms AND (received_ms > :ms OR message > :message)
ORDER BY received_ms, message LIMIT :most

-- Far down a list without stubs, in pieces: each reads index entries alone.
-- name: skip_mailbox_desc
-- args: org int, account int, mailbox int, ms int, uid int, skip int
SELECT internal_ms, uid FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox
    AND internal_ms <= :ms AND (internal_ms < :ms OR uid < :uid) ORDER BY internal_ms DESC, uid DESC LIMIT 1 OFFSET :skip

-- name: skip_mailbox_asc
-- args: org int, account int, mailbox int, ms int, uid int, skip int
SELECT internal_ms, uid FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox
    AND internal_ms >= :ms AND (internal_ms > :ms OR uid > :uid) ORDER BY internal_ms, uid LIMIT 1 OFFSET :skip

-- name: skip_heads_desc
-- args: org int, account int, mailbox int, ms int, uid int, skip int
-- engine: sqlite
SELECT internal_ms, uid FROM placement INDEXED BY placement_head WHERE org = :org AND account = :account AND mailbox = :mailbox AND older = 0 AND stub = 0
    AND internal_ms <= :ms AND (internal_ms < :ms OR uid < :uid) ORDER BY internal_ms DESC, uid DESC LIMIT 1 OFFSET :skip
-- name: skip_heads_desc
-- args: org int, account int, mailbox int, ms int, uid int, skip int
-- engine: postgresql
SELECT internal_ms, uid FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox AND older = 0 AND stub = 0
    AND internal_ms <= :ms AND (internal_ms < :ms OR uid < :uid) ORDER BY internal_ms DESC, uid DESC LIMIT 1 OFFSET :skip

-- name: skip_account_desc
-- args: org int, account int, ms int, message int, skip int
SELECT received_ms, message FROM message WHERE org = :org AND account = :account
    AND received_ms <= :ms AND (received_ms < :ms OR message < :message) ORDER BY received_ms DESC, message DESC LIMIT 1 OFFSET :skip

-- name: skip_account_asc
-- args: org int, account int, ms int, message int, skip int
SELECT received_ms, message FROM message WHERE org = :org AND account = :account
    AND received_ms >= :ms AND (received_ms > :ms OR message > :message) ORDER BY received_ms, message LIMIT 1 OFFSET :skip

-- name: count_account_desc
-- args: org int, account int, ms int, message int
SELECT count(*) FROM message WHERE org = :org AND account = :account AND received_ms <= :ms AND (received_ms < :ms OR message < :message)

-- name: list_mailbox_counts
-- args: org int, account int, mailbox int
SELECT total, threads, unread, unread_threads, stubs, uidnext FROM mailbox WHERE org = :org AND account = :account AND mailbox = :mailbox

-- name: message_light
-- args: org int, account int, message int
SELECT thread, received_ms, size, sent_ms, has_attachment, held FROM message WHERE org = :org AND message = :message AND account = :account

-- Rows of a thread that stand before one in a walk of the mailbox.
-- name: thread_before_asc
-- args: org int, account int, thread int, mailbox int, ms int, uid int
-- engine: sqlite
SELECT count(*) FROM placement INDEXED BY placement_thread WHERE org = :org AND account = :account AND thread = :thread AND mailbox = :mailbox
    AND stub = 0 AND (internal_ms < :ms OR (internal_ms = :ms AND uid < :uid))
-- name: thread_before_asc
-- args: org int, account int, thread int, mailbox int, ms int, uid int
-- engine: postgresql
SELECT count(*) FROM placement WHERE org = :org AND account = :account AND thread = :thread AND mailbox = :mailbox
    AND stub = 0 AND (internal_ms < :ms OR (internal_ms = :ms AND uid < :uid))
