-- What changed since a seq; queries of a mailbox; upkeep of tombstones.
-- set: cell

-- name: changes_email
-- args: org int, account int, since int, most int
SELECT message, created_seq, seq FROM message WHERE org = :org AND account = :account AND seq > :since ORDER BY seq LIMIT :most

-- name: changes_thread
-- args: org int, account int, since int, most int
SELECT thread, created_seq, seq FROM thread WHERE org = :org AND account = :account AND seq > :since ORDER BY seq LIMIT :most

-- name: changes_mailbox
-- args: org int, account int, since int, most int
SELECT mailbox, created_seq, seq FROM mailbox WHERE org = :org AND account = :account AND seq > :since ORDER BY seq LIMIT :most

-- name: changes_gone
-- args: org int, account int, type int, since int, most int
SELECT id, created_seq, seq FROM tombstone WHERE org = :org AND account = :account AND type = :type AND seq > :since ORDER BY seq LIMIT :most

-- name: changes_placement
-- args: org int, account int, mailbox int, since int, most int
SELECT uid, flags, seq FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox AND seq > :since ORDER BY seq LIMIT :most

-- name: changes_vanished
-- args: org int, account int, mailbox int, since int, most int
-- engine: sqlite
SELECT uid, seq FROM tombstone INDEXED BY tombstone_place WHERE org = :org AND account = :account AND type = 4 AND id = :mailbox AND seq > :since
ORDER BY seq LIMIT :most
-- name: changes_vanished
-- args: org int, account int, mailbox int, since int, most int
-- engine: postgresql
SELECT uid, seq FROM tombstone WHERE org = :org AND account = :account AND type = 4 AND id = :mailbox AND seq > :since ORDER BY seq LIMIT :most

-- name: query_mailbox_desc
-- args: org int, account int, mailbox int, most int, skip int
SELECT message, thread, flags FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox AND stub = 0
ORDER BY internal_ms DESC, uid DESC LIMIT :most OFFSET :skip

-- name: query_mailbox_asc
-- args: org int, account int, mailbox int, most int, skip int
SELECT message, thread, flags FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox AND stub = 0
ORDER BY internal_ms, uid LIMIT :most OFFSET :skip

-- name: query_mailbox_total
-- args: org int, account int, mailbox int
SELECT total, threads FROM mailbox WHERE org = :org AND account = :account AND mailbox = :mailbox

-- name: query_account_desc
-- args: org int, account int, most int, skip int
SELECT message, thread, 0 FROM message WHERE org = :org AND account = :account ORDER BY received_ms DESC, message DESC LIMIT :most OFFSET :skip

-- name: query_account_asc
-- args: org int, account int, most int, skip int
SELECT message, thread, 0 FROM message WHERE org = :org AND account = :account ORDER BY received_ms, message LIMIT :most OFFSET :skip

-- name: query_account_threads
-- args: org int, account int
SELECT count(*) FROM thread WHERE org = :org AND account = :account

-- name: query_account_total
-- args: org int, account int
SELECT count(*) FROM message WHERE org = :org AND account = :account

-- Times rise with seq: the first rows by seq are the oldest.
-- name: tombstone_prune_seq
-- args: org int, account int, type int, before_ms int, most int
SELECT coalesce(max(x.seq), 0) FROM (SELECT seq, at_ms FROM tombstone WHERE org = :org AND account = :account AND type = :type ORDER BY seq LIMIT :most) x
WHERE x.at_ms < :before_ms

-- name: tombstone_prune
-- args: org int, account int, type int, upto_seq int
DELETE FROM tombstone WHERE org = :org AND account = :account AND type = :type AND seq <= :upto_seq

-- More than there can be of a type: each has a seq of its own.
-- name: tombstone_span
-- args: org int, account int, type int
SELECT coalesce((SELECT seq FROM tombstone WHERE org = :org AND account = :account AND type = :type ORDER BY seq DESC LIMIT 1)
    - (SELECT seq FROM tombstone WHERE org = :org AND account = :account AND type = :type ORDER BY seq LIMIT 1) + 1, 0)

-- name: tombstone_count
-- args: org int, account int, type int, after_seq int, most int
SELECT count(*), coalesce(max(x.seq), 0) FROM (SELECT seq FROM tombstone WHERE org = :org AND account = :account AND type = :type AND seq > :after_seq
    ORDER BY seq LIMIT :most) x

-- name: tombstone_accounts
-- no-org: jobs walks over all firms of the cell
-- args: org int, account int, most int
SELECT org, account FROM account WHERE (org, account) > (:org, :account) ORDER BY org, account LIMIT :most

-- What the indexer has to look at.
-- name: news_orgs
-- no-org: the indexer looks at every firm
-- args: after int, most int
SELECT org, seq FROM org WHERE org > :after ORDER BY org LIMIT :most

-- name: news_accounts
-- args: org int, since int
SELECT account, email_seq FROM jmap_state WHERE org = :org AND email_seq > :since ORDER BY account

-- name: news_emails
-- args: org int, account int, since int, most int
SELECT m.message, m.seq, m.held, m.subject, m.from_name, m.from_addr, f.insight FROM message m
JOIN message_facts f ON f.org = m.org AND f.message = m.message
WHERE m.org = :org AND m.account = :account AND m.seq > :since ORDER BY m.seq LIMIT :most
