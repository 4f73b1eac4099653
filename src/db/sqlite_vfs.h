#pragma once
/* Between SQLite and its own VFS: sqlite_checksum.c has the VFS and the main database file, sqlite_log.c the write-ahead log. */
#include "db/sqlite_priv.h"

extern const int sqlite_log_size; /* bytes of its sqlite3_file, in front of the real VFS's */
/* gather: whether frames may wait for the sync; read at every write. NULL: never. */
int sqlite_log_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *p, int flags, int *out, const bool *gather);
