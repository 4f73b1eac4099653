#pragma once
/* Password hashes: argon2id of libsodium, as its own text form. A hash costs PASSWORD_HASH_MEMORY and some 40 ms: servers do this in their bounded password
 * pool only. */
#include "core/arena.h"
#include "core/err.h"

#define PASSWORD_MAX 1024u
#define PASSWORD_MIN 8u /* characters that init and user add accept (NIST SP 800-63B 5.1.1.1) */
#define PASSWORD_HASH_OPS 2u
#define PASSWORD_HASH_MEMORY (32u << 20)
#define PASSWORD_HASH_TEXT 128u
int password_hash(struct str password, char out[PASSWORD_HASH_TEXT],
                  struct err *e) MUST_USE; /* ERR_NOMEM, ERR_INVALID too short or long */
/* hash empty: the same work is done and false returned, so that unknown users take the same time. */
bool password_check(struct str hash, struct str password);
