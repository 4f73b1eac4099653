#pragma once
/* Bytes of the pack format (see pack.h and docs/store.md), private to the pack files: sizes, encoding and decoding of
 * headers and bodies. */
#include "store/pack.h"

#define PACK_HEAD_LEN 32u
#define PACK_REC_LEN 16u /* record header */
#define PACK_BLOB_HEAD (SHA256_LEN + 24u)
#define PACK_BODY_MAX (PACK_BLOB_HEAD + (size_t)PACK_BLOB_MAX)
#define PACK_END_LEN (PACK_REC_LEN + 36) /* whole group end record */
#define PACK_SMALL_MAX 65536u            /* body of a place, gone or group end */
#define PACK_NAME_TEXT_MAX 1024u         /* mailbox name, address: longer ones are cut when written */
#define PACK_REC_MAGIC 0x53477231u       /* "SGr1" */
#define PACK_FLAG_ZSTD 1u

/* What the sums of a file start from. */
uint32_t pack_seed(uint64_t cell_fold, int64_t id);
void pack_head_put(uint8_t out[PACK_HEAD_LEN], uint64_t cell_fold, int64_t id);
/* 0; ERR_CORRUPT (magic or crc), ERR_VERSION (h is filled). */
int pack_head_get(const uint8_t in[PACK_HEAD_LEN], struct pack_head *h) MUST_USE;

struct pack_rec { /* a record header, decoded */
    enum pack_kind kind;
    uint8_t flags;
    uint32_t len; /* of the body */
    uint32_t crc;
};
/* Record header for a body in two pieces. */
void pack_rec_put(uint8_t out[PACK_REC_LEN], uint32_t seed, int64_t offset, enum pack_kind kind, uint8_t flags,
                  struct str a, struct str b);
/* Magic, head check, kind and length bound; the body's crc is for pack_rec_check. */
bool pack_rec_get(const uint8_t in[PACK_REC_LEN], uint32_t seed, int64_t offset, struct pack_rec *r) MUST_USE;
bool pack_rec_check(const uint8_t in[PACK_REC_LEN], uint32_t seed, int64_t offset, struct str body) MUST_USE;

void pack_blob_head_put(uint8_t out[PACK_BLOB_HEAD], const struct blob_draft *d);
void pack_place_put(struct buf *b, const struct pack_place *p);
void pack_gone_put(struct buf *b, const struct pack_gone *g);
void pack_end_put(struct buf *b, const struct pack_uuid *group, const struct pack_uuid *last, uint32_t records);
/* Body of any kind into seen (kind must be set); false when it is not exactly one. Views into body. */
bool pack_body_get(struct str body, uint8_t flags, struct pack_seen *seen) MUST_USE;

/* SHA-256 with the digest fetched once and a context per thread. */
int pack_sha256(struct str bytes, uint8_t out[SHA256_LEN]) MUST_USE;
/* Plain bytes of a stored blob: bounded by size, which must be exact; hash compared. Into the arena, or a view when
 * stored plain. */
int pack_blob_plain(struct str stored, bool zstd, uint64_t size, const uint8_t sha256[SHA256_LEN], struct arena *a,
                    struct str *plain) MUST_USE;
