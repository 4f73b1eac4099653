-- The cell's own rows: fence, commit log, packs, numbers of a firm. The fence_* and dir_fence_* pairs are the same statement for the two sets.
-- set: cell
-- no-org: rows of the cell itself, not of a firm

-- name: fence_read
-- engine: sqlite
SELECT uuid, epoch, last_group, last_wall_ms, next_pack, readonly FROM cell_meta WHERE one = 1
-- name: fence_read
-- engine: postgresql
SELECT uuid, epoch, last_group, last_wall_ms, next_pack, readonly FROM cell_meta WHERE one = 1 FOR UPDATE

-- name: cell_meta_read
SELECT uuid, epoch, last_group, last_wall_ms, next_pack, readonly FROM cell_meta WHERE one = 1

-- name: cell_meta_insert
-- args: uuid blob, zero blob, at_ms int
INSERT INTO cell_meta (one, uuid, epoch, last_group, last_wall_ms, next_pack, readonly, created_ms)
VALUES (1, :uuid, 1, :zero, 0, 1, '', :at_ms) ON CONFLICT (one) DO NOTHING

-- name: cell_meta_group
-- args: group_uuid blob, at_ms int
UPDATE cell_meta SET last_group = :group_uuid, last_wall_ms = :at_ms WHERE one = 1

-- name: cell_meta_pack
-- args: next_pack int
UPDATE cell_meta SET next_pack = :next_pack WHERE one = 1

-- name: cell_meta_readonly
-- args: reason text
UPDATE cell_meta SET readonly = :reason WHERE one = 1

-- name: cell_meta_epoch
-- args: epoch int
UPDATE cell_meta SET epoch = :epoch WHERE one = 1

-- name: commit_log_insert
-- args: group_uuid blob, at_ms int, jobs int
INSERT INTO commit_log (group_uuid, at_ms, jobs) VALUES (:group_uuid, :at_ms, :jobs)

-- name: commit_log_find
-- args: group_uuid blob
SELECT jobs FROM commit_log WHERE group_uuid = :group_uuid

-- name: commit_log_prune
-- args: before_ms int
DELETE FROM commit_log WHERE at_ms < :before_ms

-- name: pack_insert
-- args: pack int, node text, at_ms int
INSERT INTO pack (pack, node, created_ms, state) VALUES (:pack, :node, :at_ms, 0)

-- name: pack_list
SELECT pack, node, created_ms, state FROM pack ORDER BY pack

-- name: org_list
SELECT org, name, state FROM org ORDER BY org

-- Every firm's numbers jump at a new epoch: nothing handed out after the snapshot is given again.
-- name: epoch_jump_orgs
-- args: jump int
UPDATE org SET seq = seq + :jump, next_id = next_id + :jump

-- After epoch_jump_orgs: every state and HIGHESTMODSEQ is the firm's new seq, so that all older ones are below the floor.
-- name: epoch_jump_mailboxes
-- args: jump int
UPDATE mailbox SET uidnext = uidnext + :jump, modseq = (SELECT org.seq FROM org WHERE org.org = mailbox.org),
    seq = (SELECT org.seq FROM org WHERE org.org = mailbox.org)

-- name: epoch_jump_states
UPDATE jmap_state SET mailbox_seq = (SELECT org.seq FROM org WHERE org.org = jmap_state.org),
    email_seq = (SELECT org.seq FROM org WHERE org.org = jmap_state.org), thread_seq = (SELECT org.seq FROM org WHERE org.org = jmap_state.org),
    floor_seq = (SELECT org.seq FROM org WHERE org.org = jmap_state.org)
