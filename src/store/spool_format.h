#pragma once
/* Bytes of a spool file (docs/store.md), private to the spool: magic "SIGSPOOL", u32 format, u32 length of the
 * envelope, u64 length of DATA, u32 crc32c of the 24 before | envelope | DATA | u32 crc32c of envelope and DATA,
 * started from the first sum | end mark "SPOOLEND". */
#include "core/buf.h"
#include "store/spool.h"

#define SPOOL_HEAD_LEN 28u
#define SPOOL_TAIL_LEN 12u
#define SPOOL_ENVELOPE_MAX (8u << 20)
#define SPOOL_DATA_MAX (256u << 20)
#define SPOOL_RECIPIENTS_MAX 10000u

/* ERR_LIMIT when the entry is larger than the format allows. */
int spool_head_put(const struct spool_entry *s, struct buf *envelope, uint8_t head[SPOOL_HEAD_LEN],
                   uint8_t tail[SPOOL_TAIL_LEN]) MUST_USE;
/* Whole file -> entry, views into file, recipients in the arena. ERR_CORRUPT: not exactly one whole entry; ERR_VERSION.
 */
int spool_parse(struct str file, struct arena *a, struct spool_entry *s) MUST_USE;
