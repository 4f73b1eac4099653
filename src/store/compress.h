#pragma once
/* zstd as the store writes it (docs/adr/0007). Thread-safe: contexts come from a pool. */
#include "core/arena.h"
#include "core/err.h"

#define INSIGHT_PLAIN 2048u /* shorter facts are kept as they are: a frame costs more than it saves (docs/adr/0007) */
#define INSIGHT_MAX (4u << 20) /* facts of one message, unpacked */

enum compress_result { COMPRESS_NOT_SMALLER = 1 };
/* 0: *out is one zstd frame that names its size, in the arena, at most `most` bytes. ERR_NOMEM. */
int compress_bytes(struct arena *a, struct str plain, size_t most, struct str *out) MUST_USE;

/* The column message_facts.insight: plain, or a zstd frame, told apart by the frame's magic. ERR_NOMEM. */
int insight_pack(struct arena *a, struct str insight, struct str *packed) MUST_USE;
int insight_unpack(struct arena *a, struct str packed, struct str *insight) MUST_USE; /* ERR_CORRUPT */
