/* Thread (RFC 8621 3). */
#include "jmap/types.h"
#include "store/read.h"

static const char *const names[] = {"id", "emailIds"};

int jmap_thread_get(struct jmap_call *c)
{
    static const char *const args[] = {"ids", "properties", NULL};
    struct jmap_ids ids;
    struct read_state state;
    uint64_t bits;
    size_t n_missing = 0;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_ids(c, "ids", &ids);
    if (!err)
        err = jmap_arg_properties(c, names, N_ELEMENTS(names), &bits);
    if (!err && ids.all)
        err = JMAP_REQUEST_TOO_LARGE; /* all threads of an account: ask by id */
    if (!err)
        err = read_state(c->t, c->person->org, c->person->account, SYNC_THREAD, &state);
    if (err)
        return err;
    int64_t *missing = arena_array(c->arena, int64_t, ids.n + 1);
    json_obj(c->w);
    jmap_put_account(c);
    jmap_put_state(c, "state", state);
    json_keyz(c->w, "list");
    json_arr(c->w);
    for (size_t i = 0; i < ids.n; i++) {
        int64_t *emails;
        size_t n;
        err = read_thread(c->t, c->arena, c->person->org, c->person->account, ids.id[i], &emails, &n);
        if (err < 0)
            return err;
        if (err == 0) {
            missing[n_missing++] = ids.id[i];
            continue;
        }
        json_obj(c->w);
        json_keyz(c->w, "id");
        jmap_put_id(c->w, ids.id[i]);
        json_keyz(c->w, "emailIds");
        json_arr(c->w);
        for (size_t k = 0; k < n; k++)
            jmap_put_id(c->w, emails[k]);
        json_arr_end(c->w);
        json_obj_end(c->w);
    }
    json_arr_end(c->w);
    jmap_put_not_found(c, &ids, missing, n_missing);
    json_obj_end(c->w);
    return 0;
}

int jmap_thread_changes(struct jmap_call *c) { return jmap_changes(c, SYNC_THREAD); }
