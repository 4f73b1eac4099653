/* /changes of any type (RFC 8620 5.2). */
#include "jmap/types.h"
#include "store/read.h"

#define CHANGES_MAX 1000

static void put_ids(struct json_w *w, const char *key, const int64_t *ids, size_t n)
{
    json_keyz(w, key);
    json_arr(w);
    for (size_t i = 0; i < n; i++)
        jmap_put_id(w, ids[i]);
    json_arr_end(w);
}

int jmap_changes(struct jmap_call *c, int type)
{
    static const char *const args[] = {"sinceState", "maxChanges", NULL};
    struct read_changes ch;
    struct read_state since;
    int64_t most;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_state(c, &since);
    if (!err)
        err = jmap_arg_int(c, "maxChanges", CHANGES_MAX, 1, CHANGES_MAX, &most);
    if (err)
        return err;
    err = read_changes(c->t, c->arena, c->person->org, c->person->account, (enum sync_type)type, since, (size_t)most,
                       &ch);
    if (err != 0)
        return err == READ_CANNOT ? JMAP_CANNOT_CALCULATE_CHANGES : err;
    json_obj(c->w);
    jmap_put_account(c);
    jmap_put_state(c, "oldState", since);
    jmap_put_state(c, "newState", ch.state);
    json_kbool(c->w, "hasMoreChanges", ch.has_more);
    put_ids(c->w, "created", ch.created, ch.n_created);
    put_ids(c->w, "updated", ch.updated, ch.n_updated);
    put_ids(c->w, "destroyed", ch.destroyed, ch.n_destroyed);
    if (type == SYNC_MAILBOX) {
        json_keyz(c->w, "updatedProperties");
        json_none(c->w);
    }
    json_obj_end(c->w);
    return 0;
}
