#pragma once
/* Packs: append-only files, one per process that appends, holding every byte that must survive the database.
 * File: 32-byte header (magic "SIGPACK1", u32 format version, u64 cell uuid high/low halves xor-folded, u64 pack id, u32 crc32c of the 28
 * before), then records:
 *   u32 magic "SGr1" | u8 kind | u8 flags | u16 head check | u32 body length | u32 crc32c of the 12 before and the body | body
 * Head check: crc32c of the other 10 header bytes, folded to 16 bits, so a length can be believed before the body was read. Both sums
 * start from (file header, offset of the record): bytes copied from another file or place, or planted by a sender inside a message, never check.
 * all big-endian, no padding. Kinds: blob, place, gone, group end. A group = records of one commit, closed by a group-end record (group uuid,
 * last group known committed, record count). One fdatasync per group, always before the database commits.
 * A torn tail (bad magic, length, crc) seals the pack: appends continue in a new file; nothing behind the tear is ever read as good.
 * Location = (pack id, offset of the record, total length). Every read checks crc, and the SHA-256 of the plain bytes.
 * An error of write/fdatasync makes the pack_writer fail for good (fsyncgate): the cell becomes read-only (store/cell.h). */
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"

#define PACK_FORMAT 1u
#define PACK_FILE_MAX (1LL << 30)  /* then a new file is begun */
#define PACK_BLOB_MAX (256u << 20) /* plain bytes of one blob */
#define SHA256_LEN 32u

enum pack_kind { PACK_BLOB = 1, PACK_PLACE = 2, PACK_GONE = 3, PACK_GROUP_END = 4 };
struct pack_loc {
    int64_t pack; /* id; file name packs/<%016x>.pack */
    int64_t offset;
    int64_t length; /* whole record */
};
struct pack_uuid {
    uint8_t b[16];
};
/* A blob made ready off the writer thread: hashed and compressed (zstd; stored plain when that is not smaller). */
struct blob_draft {
    uint8_t sha256[SHA256_LEN];
    int64_t org;
    int64_t id;    /* blob id or 0: informational, salvage keys by sha256 */
    uint64_t size; /* plain */
    struct str
        bytes; /* as stored: in the arena, or (not zstd) a view of the plain bytes given to blob_prepare: those must live as long */
    bool zstd;
    struct pack_loc loc; /* filled by pack_put_group */
};
/* Thread-safe (own contexts per thread). ERR_LIMIT beyond PACK_BLOB_MAX, ERR_NOMEM. */
int blob_prepare(struct arena *a, int64_t org, struct str plain, struct blob_draft *d) MUST_USE;
/* place: enough to rebuild the row without a database. */
struct pack_place {
    int64_t org, account, mailbox, uid, seq, message, thread, date_ms;
    uint8_t blob_sha256[SHA256_LEN];
    uint32_t flags;
    struct str mailbox_name, address; /* so that salvage names folders and accounts */
    struct str verdict;               /* "hold" keeps held mail out of Inbox on salvage too */
};
struct pack_gone {
    int64_t org, account, mailbox, uid, message; /* uid 0: the whole message */
};

struct pack_writer;
/* Opens a fresh file for appending in dir (never continues a file of an earlier process). id must be unused (from the database under the fence);
 * ERR_EXIST when a file of that id is there (its transaction was rolled back once): take the next id. dir must exist. The caller begins a new
 * file once pack_writer_size() is over PACK_FILE_MAX. */
int pack_writer_open(struct pack_writer **w, const char *dir, const struct pack_uuid *cell, int64_t id,
                     struct err *e) MUST_USE;
void pack_writer_close(struct pack_writer **w);
/* Appends drafts (fills loc) without syncing, one write call per few MB. One thread at a time per writer.
 * Errors: ERR_FULL with pack_writer_failed() false: the file was cut back to the start of this group, which is void (all its locs too); the
 * writer goes on when there is room again. Any other error: the writer has failed for good and answers ERR_IO from then on. */
int pack_put_blobs(struct pack_writer *w, struct blob_draft *const *drafts, size_t n) MUST_USE;
/* Appends places and gones and the group end, then one fdatasync. After 0 all bytes of the group are on stable storage. Errors as above; an
 * error of fdatasync, whatever its errno, is final. Blobs put since the last group end belong to this group, also those of an abandoned one. */
int pack_end_group(struct pack_writer *w, const struct pack_uuid *group, const struct pack_uuid *last_committed,
                   const struct pack_place *places, size_t n_places, const struct pack_gone *gones,
                   size_t n_gones) MUST_USE;
int64_t pack_writer_id(const struct pack_writer *w);
int64_t pack_writer_size(const struct pack_writer *w);
bool pack_writer_failed(const struct pack_writer *w);

/* Readers. One struct pack_set per cell and process: caches open descriptors (bounded); thread-safe. */
struct pack_set;
int pack_set_open(struct pack_set **s, const char *dir, const struct pack_uuid *cell, struct err *e) MUST_USE;
void pack_set_close(struct pack_set **s);
/* Plain bytes of a blob into the arena; ERR_CORRUPT (crc, hash or header differ, file cut short), ERR_NOENT (file missing), ERR_IO, ERR_VERSION,
 * ERR_NOMEM (beyond the arena's limit). want_sha256 may be NULL. Reads with pread, never mmap: a bad sector is an error here, not a signal. */
int pack_read_blob(struct pack_set *s, struct pack_loc loc, const uint8_t *want_sha256, struct arena *a,
                   struct str *plain) MUST_USE;

/* Walk of one file in order, for verify, salvage and scrub. cb returns 0 to go on. Torn or damaged regions are reported once each and the walk
 * resynchronises on the next record magic whose crc holds. */
struct pack_seen {
    enum pack_kind kind;
    struct pack_loc loc;
    bool damaged;           /* region [loc.offset, +length) does not check; other fields empty */
    struct blob_draft blob; /* PACK_BLOB: sha256, org, id, size, bytes (as stored) */
    struct pack_place place;
    struct pack_gone gone;
    struct pack_uuid group, last_committed; /* PACK_GROUP_END */
    uint32_t records;                       /* PACK_GROUP_END: records of the group before it */
    bool in_closed_group;                   /* only from pack_walk_groups and pack_walk_fold */
};
typedef int pack_walk_fn(void *arg, const struct pack_seen *seen); /* what it is given lives until it returns */
/* 0 to the end of the file; the callback's result when not 0; ERR_CORRUPT: not a pack, of another cell, or of another id than its name says;
 * ERR_VERSION; ERR_IO; ERR_NOENT. cell NULL: whatever cell the header names. Memory: one record. */
int pack_walk(const char *path, const struct pack_uuid *cell, pack_walk_fn *cb, void *arg, struct err *e) MUST_USE;
/* A part of a long file: records that begin in [*at, *at + bytes), *at being 0 or what an earlier call left there. *at stays when nothing is behind it. */
int pack_walk_part(const char *path, const struct pack_uuid *cell, int64_t *at, int64_t bytes, pack_walk_fn *cb,
                   void *arg, struct err *e) MUST_USE;
/* Same, with in_closed_group known: reads the file twice. */
int pack_walk_groups(const char *path, const struct pack_uuid *cell, pack_walk_fn *cb, void *arg,
                     struct err *e) MUST_USE;
/* What the file header says. ERR_CORRUPT when it does not check. */
struct pack_head {
    uint32_t version;
    uint64_t cell_fold; /* pack_cell_fold() of the cell's uuid */
    int64_t id;
};
int pack_head_read(const char *path, struct pack_head *h, struct err *e) MUST_USE;
uint64_t pack_cell_fold(const struct pack_uuid *cell);
/* As pack_walk_groups, by the fold instead of the uuid: for salvage, which has no database that would name the cell. */
int pack_walk_fold(const char *path, uint64_t cell_fold, pack_walk_fn *cb, void *arg, struct err *e) MUST_USE;
/* Plain bytes of a seen blob (checks sha256). */
int pack_seen_plain(const struct pack_seen *seen, struct arena *a, struct str *plain) MUST_USE;
/* "dir/%016x.pack" into out (with NUL); the id from such a name, or -1. */
#define PACK_NAME_LEN 21u
void pack_path(struct buf *out, const char *dir, int64_t id);
int64_t pack_name_id(const char *path);
