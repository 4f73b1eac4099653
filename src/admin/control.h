#pragma once
/* Verbs that change a state in which a server runs go through STATE/control.sock. One request a connection:
 *   "sigillo 1 VERB\n" then lines "key value\n" then an empty line; answered by "ok\n" or "fail CODE sentence\n", lines "key value\n", end of stream.
 * Values are UTF-8 without CR, LF, NUL. Only root and the owner of the state may ask (SO_PEERCRED). Passwords travel as hashes. */
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "store/store.h"

#include <sys/types.h>

#define CONTROL_VERSION 1
#define CONTROL_REQUEST_MAX 65536u
#define CONTROL_REPLY_MAX (1u << 20)
#define CONTROL_FIELDS_MAX 16u

struct control_field {
    const char *key;
    struct str value;
};
/* The client. 0: done, the lines after "ok" in reply (arena); ERR_GONE or ERR_NOENT: no server runs on this state, do it yourself; else its sentence. */
int control_ask(struct arena *a, const char *state, const char *verb, const struct control_field *fields, size_t n,
                struct str *reply, struct err *e) MUST_USE;
/* Value of a key in a reply; empty when absent. */
struct str control_value(struct str reply, const char *key);

/* The server side, for whoever holds the listener: bytes of a whole request, 0 while more must come, -1 when it can never be one. */
ptrdiff_t control_complete(struct str bytes);
/* Does it and writes the answer. peer: uid of the other end. Blocks for a commit or two. 0; < 0 when the request was refused or failed (the answer is
 * written all the same). */
int control_handle(struct store *s, uid_t peer, struct str request, struct buf *reply);
