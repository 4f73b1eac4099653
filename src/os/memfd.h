#pragma once
/* Payloads larger than a channel message travel as a memfd: written once by the sender, read once by the receiver. */
#include "core/buf.h"
#include "core/err.h"

/* A sealed (no write, no resize) memfd holding the parts one after another. */
int memfd_of(const char *name, const struct str *parts, size_t n_parts, int *fd) MUST_USE;
/* Reads exactly n bytes of a regular file or memfd from its start into out (appended). Works by pread, never by mmap: a
 * peer that truncates the file gives ERR_CORRUPT here, not a SIGBUS. */
int memfd_read(int fd, size_t n, struct buf *out) MUST_USE;
/* Read-only private mapping, for a reader that may die of SIGBUS (scan worker). n > 0; munmap by the caller. */
int memfd_map(int fd, size_t n, const char **p) MUST_USE;
