#pragma once
/* What backup and restore share. */
#include "store/backup.h"
#include "store/file_copy.h"
#include "store/manifest.h"
#include "store/state_cells.h"
#include "store/store_priv.h"

/* Reads and checks DIR/manifest; text and entries in the arena. ERR_NOENT: no list there. */
int backup_list(const char *dir, struct arena *a, struct manifest *m, struct err *e) MUST_USE;
/* pg_dump and pg_restore of one schema; the sentence names what they said. */
int pg_schema_dump(const char *url, const char *schema, const char *path, struct err *e) MUST_USE;
int pg_schema_restore(const char *url, const char *path, struct err *e) MUST_USE;
