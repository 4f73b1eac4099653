#pragma once
/* `sigillo salvage`: a new state with one cell built from its packs alone. Committed groups come back with their message ids and UIDs; groups of
 * which nobody knows whether they were committed go to the mailbox "Recovered, uncertain"; what was removed stays removed; what was held stays held.
 * Flags, passwords, names and mailbox identities come from the old databases as far as those can still be read, else: flags as they were on arrival,
 * passwords must be set again, mailboxes get a new UIDVALIDITY. Nothing in the old state is changed. */
#include "store/store.h"

#define SALVAGE_BOX "Recovered, uncertain"

struct salvage_result {
    int64_t packs, damaged; /* files, regions in them that do not check */
    int64_t firms, accounts, passwords, messages, placements, held, uncertain, removed;
    int64_t lost;             /* placements whose bytes are in no pack any more */
    bool database, directory; /* whether these could still be asked */
};
typedef void salvage_fn(void *arg, const char *sentence); /* each thing that is lost or uncertain, for a person */
/* conf: the old state; to: the new one's conf, its folder must not exist or be empty (ERR_EXIST). PostgreSQL: to->url names another database. */
int store_salvage(const struct store_conf *conf, const struct env *env, int64_t cell, const struct store_conf *to,
                  salvage_fn *say, void *arg, struct salvage_result *r, struct err *e) MUST_USE;
