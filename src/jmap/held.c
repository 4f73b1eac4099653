/* Held/release, Held/discard, Guard/report: what a person decides about messages of his own account. One shape: {accountId, ids} -> {done, notDone}. Each
 * decision is written to the audit in the commit that carries it out. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/set.h"
#include "jmap/types.h"
#include "store/audit.h"
#include "store/decide.h"

enum decision { DECIDE_RELEASE, DECIDE_DISCARD, DECIDE_FRAUD, DECIDE_JUNK, DECIDE_HONEST };
#define DECIDE_STEP 10u  /* messages of one write job */
#define REASON_MAX 2000u /* bytes of why a person released a message */

struct decide {
    enum decision what;
    const char *done, *not_done; /* names in the answer */
    struct str reason;           /* of a release, in the person's words */
    struct jmap_obj *obj;
    size_t n, failed;
    bool dirty;
};

static int release(struct txn *t, const struct jmap_person *me, int64_t id, struct str reason)
{
    int64_t seq;
    int r = mail_release(t, me->org, me->account, id, me->address);
    return r || reason.n == 0
               ? r
               : audit_add(t, me->org, me->address, STR("mail.release.reason"),
                           arena_printf(t->arena, "message %lld: %.*s", (long long)id, STRF(reason)), &seq);
}

static int carry_out(struct txn *t, struct jmap_call *c, const struct decide *d, int64_t id)
{
    const struct jmap_person *me = c->person;
    switch (d->what) {
    case DECIDE_RELEASE: return release(t, me, id, d->reason);
    case DECIDE_DISCARD: return mail_discard(t, me->org, me->account, id, me->address);
    case DECIDE_FRAUD: return mail_report(t, me->org, me->account, id, REPORT_FRAUD, me->address);
    case DECIDE_JUNK: return mail_report(t, me->org, me->account, id, REPORT_JUNK, me->address);
    case DECIDE_HONEST: return mail_report(t, me->org, me->account, id, REPORT_HONEST, me->address);
    }
    return ERR_INVALID;
}

static int step(struct txn *t, struct jmap_call *c, size_t i)
{
    struct decide *d = c->write.arg;
    for (size_t k = i * DECIDE_STEP; k < d->n && k < (i + 1) * DECIDE_STEP; k++) {
        if (d->obj[k].error)
            continue;
        d->failed = k;
        int r = carry_out(t, c, d, d->obj[k].id);
        if (r)
            return r;
    }
    return 0;
}

static int refused(struct jmap_call *c, size_t i, int code)
{
    struct decide *d = c->write.arg;
    (void)i;
    jmap_obj_mail(&d->obj[d->failed], code);
    return 0;
}

static int finish(struct jmap_call *c)
{
    struct decide *d = c->write.arg;
    bool map = d->what == DECIDE_RELEASE;
    json_obj(c->w);
    jmap_put_account(c);
    json_keyz(c->w, d->done);
    (map ? json_obj : json_arr)(c->w);
    for (size_t i = 0; i < d->n; i++) {
        if (d->obj[i].error)
            continue;
        if (map)
            json_key(c->w, d->obj[i].key);
        jmap_put_id(c->w, d->obj[i].id); /* a released message keeps its id */
    }
    (map ? json_obj_end : json_arr_end)(c->w);
    json_keyz(c->w, d->not_done);
    json_obj(c->w);
    for (size_t i = 0; i < d->n; i++)
        if (d->obj[i].error) {
            json_key(c->w, d->obj[i].key);
            jmap_put_set_error(c->w, &d->obj[i]);
        }
    json_obj_end(c->w);
    json_obj_end(c->w);
    return 0;
}

/* Objects that would be refused anyway are found without the fence, so that a list of strangers' ids costs no writes. */
static int look(struct jmap_call *c, struct decide *d)
{
    for (size_t i = 0; i < d->n; i++) {
        struct jmap_obj *o = &d->obj[i];
        struct read_email *e;
        size_t n;
        int r = o->error ? 0 : read_emails(c->t, c->arena, c->person->org, c->person->account, &o->id, 1, &e, &n);
        if (r < 0)
            return r;
        if (o->error)
            continue;
        if (n == 0)
            jmap_obj_refuse(o, "notFound", NULL);
        else if (d->what <= DECIDE_DISCARD && !e->held)
            jmap_obj_mail(o, MAIL_NOT_HELD);
        else if ((d->what == DECIDE_JUNK || d->what == DECIDE_HONEST) && e->held)
            jmap_obj_mail(o, MAIL_HELD);
    }
    return 0;
}

static int read_ids(struct jmap_call *c, struct decide *d)
{
    const json_t *list = json_object_get(c->args, "ids");
    if (!json_is_array(list))
        return jmap_invalid(c, "ids is a list");
    if (json_array_size(list) > JMAP_SET_MAX)
        return JMAP_REQUEST_TOO_LARGE;
    d->obj = arena_array(c->arena, struct jmap_obj, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str text = jmap_json_str(json_array_get(list, i));
        bool twice = false;
        if (!json_is_string(json_array_get(list, i)))
            return jmap_invalid(c, "an id is not a string");
        for (size_t k = 0; k < d->n && !twice; k++)
            twice = str_eq(d->obj[k].key, text);
        if (twice)
            continue;
        struct jmap_obj *o = &d->obj[d->n++];
        o->key = text;
        if (!id_parse(text, &o->id))
            jmap_obj_refuse(o, "notFound", NULL);
    }
    return look(c, d);
}

static int decide(struct jmap_call *c, struct decide *d, const char *const *args)
{
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = read_ids(c, d);
    if (err)
        return err;
    c->write = (struct jmap_write){.n_steps = (d->n + DECIDE_STEP - 1) / DECIDE_STEP,
                                   .step = step,
                                   .refused = refused,
                                   .finish = finish,
                                   .arg = d};
    for (size_t i = 0; i < d->n; i++)
        if (!d->obj[i].error)
            return JMAP_WRITES;
    return finish(c);
}

static const char *const only_ids[] = {"ids", NULL};

int jmap_held_release(struct jmap_call *c)
{
    static const char *const args[] = {"ids", "reason", NULL};
    struct decide *d = arena_new(c->arena, struct decide);
    const json_t *reason = json_object_get(c->args, "reason");
    *d = (struct decide){.what = DECIDE_RELEASE, .done = "released", .not_done = "notReleased"};
    d->reason = jmap_json_str(reason);
    if ((reason && !json_is_string(reason)) || d->reason.n > REASON_MAX)
        return jmap_invalid(c, "reason is a text of at most 2000 bytes");
    return decide(c, d, args);
}

int jmap_held_discard(struct jmap_call *c)
{
    struct decide *d = arena_new(c->arena, struct decide);
    *d = (struct decide){.what = DECIDE_DISCARD, .done = "discarded", .not_done = "notDiscarded"};
    return decide(c, d, only_ids);
}

int jmap_guard_report(struct jmap_call *c)
{
    static const char *const args[] = {"ids", "as", NULL};
    static const struct {
        const char *name;
        enum decision what;
    } as[] = {{"fraud", DECIDE_FRAUD}, {"junk", DECIDE_JUNK}, {"honest", DECIDE_HONEST}};
    struct decide *d = arena_new(c->arena, struct decide);
    struct str word = jmap_json_str(json_object_get(c->args, "as"));
    size_t i = 0;
    while (i < N_ELEMENTS(as) && !str_eq(word, str_c(as[i].name)))
        i++;
    if (i == N_ELEMENTS(as))
        return jmap_invalid(c, "as is fraud, junk or honest");
    *d = (struct decide){.what = as[i].what, .done = "reported", .not_done = "notReported"};
    return decide(c, d, args);
}
