#pragma once
/* The master keys of a state: STATE/keys/master, mode 0600 in a folder of mode 0700. `sigillo init` creates it, the
 * role keys reads it, nobody else does; it is never in a backup. Text, one key a line, newest last: "ID KEY CHECK" in
 * hex (4, 32 and 4 bytes; CHECK is crc32c of ID and KEY, against slips when a recovery sheet is typed in). Values are
 * sealed with the last key; the others open what they once sealed. */
#include "core/env.h"
#include "core/err.h"

#define MASTER_KEYS_MAX 32u
#define MASTER_KEY_BYTES 32u
#define MASTER_LINE_MAX (8u + 1 + 64 + 1 + 8)
#define MASTER_FILE "keys/master"

struct master_key {
    uint32_t id;
    uint8_t key[MASTER_KEY_BYTES];
};
struct master {
    struct master_key keys[MASTER_KEYS_MAX];
    size_t n;
};
/* Makes the folder and a first key, durable when it returns. ERR_EXIST: there is a file already (it is left alone). */
int master_create(const char *state, const struct env *env, struct err *e) MUST_USE;
/* Adds a key that seals from now on; keys sees it when it starts again. */
int master_rotate(const char *state, const struct env *env, struct err *e) MUST_USE;
/* ERR_NOENT absent; ERR_PERM readable by others; ERR_CORRUPT with the line. Wipe it after use. */
int master_load(const char *state, struct master *m, struct err *e) MUST_USE;
const struct master_key *master_find(const struct master *m, uint32_t id); /* NULL unknown */
void master_wipe(struct master *m);
/* The line of a key, for the recovery sheet. */
void master_line(const struct master_key *k, char out[MASTER_LINE_MAX + 1]);
