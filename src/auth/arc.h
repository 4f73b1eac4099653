#pragma once
/* The Authenticated Received Chain (RFC 8617): structure, the last message signature, every seal. */
#include "auth/dkim.h"

enum auth_arc_field { AUTH_ARC_RESULTS, AUTH_ARC_MESSAGE, AUTH_ARC_SEAL, AUTH_ARC_FIELDS };

struct auth_arc_set {
    const struct auth_field *field[AUTH_ARC_FIELDS];
    struct auth_sig message, seal;
};
struct auth_arc_work {
    struct auth_arc_set *set; /* [0] is i=1 */
    unsigned n;
    size_t body; /* index of the body hash of the last message signature */
    bool done;
};
/* Finds the sets and checks what needs no key (5.2 steps 1 to 3). 0, or 1 with the reason. out->n == 0: there is none.
 */
int auth_arc_read(struct arena *a, const struct auth_message *m, struct auth_arc_work *out, const char **why) MUST_USE;
/* "i=1; mx.example; spf=pass": the instance, and what follows it. false: not of this form. */
bool auth_arc_instance(struct str value, unsigned *instance, struct str *rest);

struct auth_work;
struct auth_bodies;
void auth_arc_begin(struct auth_work *w, struct auth_bodies *bodies);
void auth_arc_bodies(struct auth_work *w, const struct auth_bodies *bodies);
bool auth_arc_step(struct auth_work *w) MUST_USE; /* true: done */
