#pragma once
/* What is in a message: the two encodings of facts/facts.h from raw bytes. Only the scan executable links this room:
 * GMime and libxml2 read hostile bytes here, inside a sealed process. Everything that opens files is done in
 * extract_open(), before sealing. */
#include "core/buf.h"
#include "core/err.h"
#include "facts/facts.h"

#define EXTRACT_TEXT_PART_MAX (4u * 1024 * 1024) /* decoded bytes of one text part that are read */
#define EXTRACT_MEMORY_MAX (192u * 1024 * 1024)

struct extract_ctx;
int extract_open(struct extract_ctx **ctx, struct err *e) MUST_USE;
void extract_close(struct extract_ctx **ctx);
/* Appends the encodings. 0; ERR_LIMIT when they do not fit (the message is then treated as unreadable). */
int extract_message(struct extract_ctx *ctx, struct str raw, struct buf *structure, struct buf *insight) MUST_USE;
