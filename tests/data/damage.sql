-- Damage done to rows by hand, for src/store/verify_test.c: name, set, what is done; behind "-- undo" how it is made good again.

-- name: counter_total
-- set: cell
UPDATE mailbox SET total = total + 1 WHERE role = 1
-- undo
UPDATE mailbox SET total = total - 1 WHERE role = 1

-- name: counter_unread_threads
-- set: cell
UPDATE mailbox SET unread_threads = unread_threads + 1 WHERE role = 2
-- undo
UPDATE mailbox SET unread_threads = unread_threads - 1 WHERE role = 2

-- name: counter_uidnext
-- set: cell
UPDATE mailbox SET uidnext = uidnext - 1 WHERE role = 1
-- undo
UPDATE mailbox SET uidnext = uidnext + 1 WHERE role = 1

-- name: counters_all
-- set: cell
UPDATE mailbox SET total = total + 3, unread = 99, bytes = 1

-- name: counters_back
-- set: cell
UPDATE mailbox SET uidnext = 1, modseq = 0 WHERE role = 1

-- name: placement_thread
-- set: cell
UPDATE placement SET thread = thread + 1000
-- undo
UPDATE placement SET thread = thread - 1000

-- name: placement_older
-- set: cell
UPDATE placement SET older = 1 - older WHERE stub = 0
-- undo
UPDATE placement SET older = 1 - older WHERE stub = 0

-- name: thread_gone
-- set: cell
DELETE FROM thread

-- name: message_thread
-- set: cell
UPDATE message SET thread = thread + 1000
-- undo
UPDATE message SET thread = thread - 1000

-- name: org_seq
-- set: cell
UPDATE org SET seq = seq - 5
-- undo
UPDATE org SET seq = seq + 5

-- name: message_held
-- set: cell
UPDATE message SET held = 1 - held
-- undo
UPDATE message SET held = 1 - held

-- name: unread_dangling
-- set: cell
INSERT INTO unread (org, message, account, tries, next_ms) VALUES (1, 999999, 1, 0, 0)
-- undo
DELETE FROM unread

-- name: placement_message
-- set: cell
UPDATE placement SET message = message + 1000
-- undo
UPDATE placement SET message = message - 1000

-- name: placement_uid
-- set: cell
UPDATE placement SET uid = uid + 1000
-- undo
UPDATE placement SET uid = uid - 1000

-- name: blob_id
-- set: cell
UPDATE blob SET blob = blob + 1000
-- undo
UPDATE blob SET blob = blob - 1000

-- name: blob_offset
-- set: cell
UPDATE blob SET pack_offset = pack_offset + 1
-- undo
UPDATE blob SET pack_offset = pack_offset - 1

-- name: blob_pack
-- set: cell
UPDATE blob SET pack = pack + 1
-- undo
UPDATE blob SET pack = pack - 1

-- name: audit_detail
-- set: cell
UPDATE audit SET detail = 'x' || detail
-- undo
UPDATE audit SET detail = substr(detail, 2)

-- name: address_account
-- set: directory
UPDATE dir_address SET account = account + 500
-- undo
UPDATE dir_address SET account = account - 500

-- name: address_text
-- set: directory
UPDATE dir_address SET address = 'x' || address
-- undo
UPDATE dir_address SET address = substr(address, 2)

-- name: lost_cell
-- set: cell
DROP SCHEMA sigillo_cell_1 CASCADE

-- name: lost_directory
-- set: directory
DROP SCHEMA sigillo_directory CASCADE

-- name: claim_firm
-- set: cell
INSERT INTO domain_claim (org, domain, token, created_ms, looked_ms, reason) VALUES (77, 'nessuno.example', 'x', 1, 0, 0)
-- undo
DELETE FROM domain_claim

-- name: domain_cell
-- set: cell
INSERT INTO domain (org, domain, created_ms) SELECT min(org), 'solo-qui.example', 1 FROM org
-- undo
DELETE FROM domain WHERE domain = 'solo-qui.example'

-- name: reported_dangling
-- set: cell
INSERT INTO reported (org, message, account, what, at_ms, who) VALUES (1, 999999, 1, 0, 1, 'x@azienda.example')
-- undo
DELETE FROM reported

-- name: proof_domain
-- set: cell
INSERT INTO domain_proof (org, domain, token, looked_ms, next_ms, missed, reason, lapsed_ms) VALUES (1, 'nessuno.example', 'x', 1, 1, 0, 0, 0)
-- undo
DELETE FROM domain_proof
