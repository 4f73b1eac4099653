#pragma once
/* The list of a backup, DIR/manifest: text, one entry a line, closed by the hash of all lines before, so that a list
 * cut short or edited is never believed. A pack has one `part` line per backup run that found it longer: nothing old is
 * read again. sigillo-backup 1 at <ms> engine <sqlite|postgresql> <db|part|conf> <cell> <from> <to> <sha256 hex>
 * <relative path>      bytes [from, to) of the file end <sha256 hex> */
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "db/db.h"
#include "store/pack.h"

#define MANIFEST_NAME "manifest"
#define MANIFEST_MAX (64u << 20)

enum manifest_kind { MANIFEST_DB, MANIFEST_PART, MANIFEST_CONF, MANIFEST_KINDS };
struct manifest_entry {
    enum manifest_kind kind;
    int64_t cell, from, to; /* cell 0: directory */
    uint8_t sha256[SHA256_LEN];
    struct str path;
};
struct manifest {
    int64_t at_ms;
    enum db_engine engine;
    struct manifest_entry *entries;
    size_t n, cap;
};
void manifest_add(struct manifest *m, struct arena *a, const struct manifest_entry *entry);
void manifest_write(const struct manifest *m, struct buf *out); /* check out->err */
/* ERR_CORRUPT: any byte differs from what manifest_write makes; ERR_VERSION. Views into text. */
int manifest_parse(struct str text, struct arena *a, struct manifest *m) MUST_USE;
/* Where the parts of a file end: 0 when it has none. */
int64_t manifest_end(const struct manifest *m, struct str path);
