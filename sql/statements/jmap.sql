-- What JMAP reads and writes beside mail.
-- set: cell

-- name: person_get
-- args: org int, account int
SELECT a.address, a.name, a.state, a.role, a.quota_bytes, a.created_ms, o.state FROM account a JOIN org o ON o.org = a.org
WHERE a.org = :org AND a.account = :account

-- name: person_list
-- args: org int, after int, most int
SELECT account, address, name, state, role, quota_bytes, created_ms FROM account WHERE org = :org AND account > :after
ORDER BY account LIMIT :most

-- name: person_used
-- args: org int, account int
SELECT coalesce(sum(bytes), 0) FROM mailbox WHERE org = :org AND account = :account

-- name: person_update
-- args: org int, account int, name text, state int, role int, quota_bytes int
UPDATE account SET name = :name, state = :state, role = :role, quota_bytes = :quota_bytes WHERE org = :org AND account = :account

-- name: person_admins
-- args: org int
SELECT count(*) FROM account WHERE org = :org AND role = 1 AND state = 1

-- name: keyword_list
-- args: org int, account int
SELECT bit, name FROM keyword WHERE org = :org AND account = :account ORDER BY bit

-- name: keyword_insert
-- args: org int, account int, bit int, name text
INSERT INTO keyword (org, account, bit, name) VALUES (:org, :account, :bit, :name)

-- name: upload_insert
-- args: org int, account int, upload int, blob int, size int, type text, at_ms int
INSERT INTO upload (org, account, upload, blob, size, type, at_ms) VALUES (:org, :account, :upload, :blob, :size, :type, :at_ms)

-- name: upload_get
-- args: org int, account int, upload int
SELECT b.pack, b.pack_offset, b.pack_length, b.size, b.sha256, u.type FROM upload u JOIN blob b ON b.org = u.org AND b.blob = u.blob
WHERE u.org = :org AND u.account = :account AND u.upload = :upload

-- name: upload_prune
-- args: org int, account int, before_ms int
DELETE FROM upload WHERE org = :org AND account = :account AND at_ms < :before_ms

-- name: upload_used
-- args: org int, account int, since_ms int
SELECT coalesce(sum(size), 0) FROM upload WHERE org = :org AND account = :account AND at_ms > :since_ms

-- name: message_sender
-- args: org int, account int, message int
SELECT from_addr FROM message WHERE org = :org AND message = :message AND account = :account

-- A fraud was reported: what mails alone had taught about that sender's details counts no more. Verified ones are a person's word and stay.
-- name: party_detail_doubt
-- args: org int, domain text
UPDATE party_detail SET state = 0, count = 0 WHERE org = :org AND domain = :domain AND state = 1

-- The last messages of one sender in one account: walked from the newest, so that a busy account costs a bounded look.
-- name: message_of_sender
-- args: org int, account int, address text, look int, most int
SELECT message FROM (SELECT message, from_addr, received_ms FROM message WHERE org = :org AND account = :account
    ORDER BY received_ms DESC, message DESC LIMIT :look) AS newest
WHERE from_addr = :address ORDER BY received_ms DESC, message DESC LIMIT :most

-- name: mailbox_update
-- args: org int, account int, mailbox int, parent int, name text, role int, sort_order int, subscribed int, seq int
UPDATE mailbox SET parent = :parent, name = :name, role = :role, sort_order = :sort_order, subscribed = :subscribed, seq = :seq
WHERE org = :org AND account = :account AND mailbox = :mailbox

-- name: mailbox_delete
-- args: org int, account int, mailbox int
DELETE FROM mailbox WHERE org = :org AND account = :account AND mailbox = :mailbox

-- name: mailbox_first
-- args: org int, account int, mailbox int, most int
SELECT uid FROM placement WHERE org = :org AND account = :account AND mailbox = :mailbox ORDER BY uid LIMIT :most

-- name: person_login
-- args: org int, account int
SELECT coalesce(max(begun_ms), 0) FROM login WHERE org = :org AND account = :account AND kind = 1

-- tail: "@domain", n its length in bytes of ASCII.
-- name: account_in_domain
-- args: org int, tail text, n int
SELECT count(*) FROM account WHERE org = :org AND length(address) > :n AND substr(address, CAST(length(address) - :n + 1 AS integer)) = :tail

-- name: accepted_list
-- args: org int, before_ms int, before_id text, most int
SELECT id, client, helo, reverse_path, recipients, size, at_ms, verdict, replied FROM accepted
WHERE org = :org AND (at_ms < :before_ms OR (at_ms = :before_ms AND id < :before_id)) ORDER BY at_ms DESC, id DESC LIMIT :most
