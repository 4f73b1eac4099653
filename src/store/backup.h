#pragma once
/* `sigillo backup` and `sigillo restore`. A backup is a folder of its own: database snapshots, copies of the packs up
 * to where they were after the snapshots, and a list with the hash of each (manifest.h). The second backup into the
 * same folder copies only what the packs grew by; until its list is written the earlier one stays whole. keys/ is never
 * copied. */
#include "store/store.h"

#define BACKUP_LEASE \
    "backup.lease" /* in the state folder, locked while a backup runs: nothing that removes pack bytes may run then */

struct backup_result {
    int64_t cells, packs, bytes_copied, bytes_total;
    int64_t at_ms; /* of the snapshots */
};
/* Beside a live server. ERR_BUSY: another backup runs. ERR_INVALID: `to` holds something else, or a backup of another
 * state. */
int store_backup(const struct store_conf *conf, const struct env *env, const char *to, struct backup_result *r,
                 struct err *e) MUST_USE;
/* Every byte of the list is checked before anything is made. conf->state must not exist, or be an empty folder; it
 * appears only when all is done and a new epoch was begun. PostgreSQL: conf->url must name a database without these
 * schemas. */
int store_restore(const char *from, const struct store_conf *conf, const struct env *env, struct backup_result *r,
                  struct err *e) MUST_USE;
/* Checks a backup's list and every byte it names. */
int store_backup_check(const char *dir, struct backup_result *r, struct err *e) MUST_USE;
