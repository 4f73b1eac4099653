#pragma once
/* Inside jmap/: the shape of the /set methods of urn:sigillo:admin. Their objects are changed by store/manage.h in its own commits, while the call waits:
 * rare, and some tens of milliseconds each. */
#include "jmap/set.h"

#define ADMIN_SET_MAX 20u /* objects of one call: each takes commits of its own */

struct admin_list {
    struct jmap_obj obj[ADMIN_SET_MAX];
    size_t n;
    /* Members of a created (behind its id) or updated object. NULL: none, an updated one is null. */
    void (*put)(struct jmap_call *c, const struct jmap_obj *o);
    bool named; /* ids are names, not numbers: objects keep them as they were written */
};
/* accountId, no argument but create, update and destroy (as `args` lists them), may_write; then the objects. 0 or the method's error. */
int admin_list_read(struct jmap_call *c, struct admin_list *l, const char *const *args) MUST_USE;
void admin_list_put(struct jmap_call *c, const struct admin_list *l);
void admin_put_when(struct json_w *w, int64_t ms); /* 0: null */
