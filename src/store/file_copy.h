#pragma once
/* Whole files for backup and restore: copied with their hash, made durable before anybody relies on them. Sentences in
 * e. */
#include "core/err.h"
#include "core/buf.h"
#include "store/pack.h"

#define PATH_BYTES 4200u

int path_join(char out[PATH_BYTES], const char *dir, const char *name, struct err *e) MUST_USE;
int dir_make(const char *path, struct err *e) MUST_USE; /* parents too; mode 0700; existing is fine */
int dir_sync(const char *path, struct err *e) MUST_USE;
/* Bytes [from, to) of a file into the same place of another, which is cut to `from` first; synced. to -1: the end;
 * *to_out says where that was. */
int file_copy(const char *src, const char *dst, int64_t from, int64_t to, int64_t *to_out, uint8_t sha256[SHA256_LEN],
              struct err *e) MUST_USE;
int file_hash(const char *path, int64_t from, int64_t to, uint8_t sha256[SHA256_LEN],
              struct err *e) MUST_USE;                                    /* ERR_CORRUPT: shorter than to */
int file_put(const char *path, struct str bytes, struct err *e) MUST_USE; /* tmp, fsync, rename, fsync of the folder */
int file_get(const char *path, size_t max, struct buf *out, struct err *e) MUST_USE; /* ERR_NOENT, ERR_LIMIT */
