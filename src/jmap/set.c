#include "jmap/set.h"
#include "core/err.h"
#include "core/hash.h"

int jmap_obj_refuse(struct jmap_obj *o, const char *error, const char *why)
{
    if (!o->error) {
        o->error = error;
        o->why = why;
    }
    return JMAP_OBJ_REFUSED;
}

int jmap_obj_property(struct jmap_obj *o, const char *property, const char *why)
{
    if (!o->error)
        o->property = property;
    return jmap_obj_refuse(o, "invalidProperties", why);
}

int jmap_obj_say(struct jmap_obj *o, const char *error, const char *property, const char *en, const char *it)
{
    if (!o->error) {
        o->property = property;
        o->why_it = it;
    }
    return jmap_obj_refuse(o, error, en);
}

void jmap_obj_mail(struct jmap_obj *o, int refusal)
{
    switch (refusal) {
    case MAIL_NO_MESSAGE: jmap_obj_refuse(o, "notFound", NULL); break;
    case MAIL_NO_MAILBOX: jmap_obj_property(o, "mailboxIds", "There is no such mailbox."); break;
    case MAIL_HELD:
        jmap_obj_refuse(o, "forbidden", "The message is held: only Held/release and Held/discard may move it.");
        break;
    case MAIL_NOT_HELD: jmap_obj_refuse(o, "forbidden", "The message is not held."); break;
    default: jmap_obj_refuse(o, "serverFail", NULL);
    }
}

bool jmap_set_id(const struct jmap_set *s, struct str text, int64_t *id)
{
    if (text.n > 1 && text.p[0] == '#')
        for (size_t i = 0; i < s->n; i++)
            if (s->obj[i].op == JMAP_CREATE && str_eq(s->obj[i].key, str_from(text, 1))) {
                *id = s->obj[i].id;
                return !s->obj[i].error && *id > 0;
            }
    return jmap_id_of(s->c, text, id);
}

/* ---- arguments ---- */

static int check_args(struct jmap_set *s)
{
    static const char *const std[] = {"accountId", "ifInState", "create", "update", "destroy"};
    const char *key;
    json_t *value;
    json_object_foreach(s->c->args, key, value)
    {
        bool known = s->type->only_create ? strcmp(key, s->type->create_key) == 0 : false;
        for (size_t i = 0; i < (s->type->only_create ? 2 : N_ELEMENTS(std)) && !known; i++)
            known = strcmp(key, std[i]) == 0;
        for (size_t i = 0; s->type->args && s->type->args[i] && !known; i++)
            known = strcmp(key, s->type->args[i]) == 0;
        if (!known)
            return jmap_invalid(s->c, "an argument is not known to this method");
    }
    return 0;
}

static int read_if(struct jmap_set *s)
{
    const json_t *v = json_object_get(s->c->args, "ifInState");
    struct read_state want;
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_string(v))
        return jmap_invalid(s->c, "ifInState is not a string");
    if (!s->type->sync || !read_state_parse(jmap_json_str(v), &want) || want.seq != s->old.seq)
        return JMAP_STATE_MISMATCH;
    s->has_if = true;
    return 0;
}

static bool is_key(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
            return false;
    return s.n >= 1 && s.n <= 255;
}

static int add_map(struct jmap_set *s, const char *arg, enum jmap_op op, size_t cap)
{
    json_t *map = json_object_get(s->c->args, arg), *value;
    const char *key;
    if (!map || json_is_null(map))
        return 0;
    if (!json_is_object(map))
        return jmap_invalid(s->c, "create and update are maps");
    if (s->n + json_object_size(map) > cap)
        return JMAP_REQUEST_TOO_LARGE;
    json_object_foreach(map, key, value)
    {
        if (!json_is_object(value))
            return jmap_invalid(s->c, "an object is expected for each id");
        if (op == JMAP_CREATE && !is_key(str_c(key)))
            return jmap_invalid(s->c, "a creation id is not an id");
        struct jmap_obj *o = &s->obj[s->n++];
        *o = (struct jmap_obj){.op = op, .key = str_c(key), .value = value};
        if (op == JMAP_UPDATE && !jmap_id_of(s->c, o->key, &o->id))
            jmap_obj_refuse(o, "notFound", NULL);
    }
    return 0;
}

static int add_list(struct jmap_set *s, size_t cap)
{
    json_t *list = json_object_get(s->c->args, "destroy");
    if (!list || json_is_null(list))
        return 0;
    if (!json_is_array(list))
        return jmap_invalid(s->c, "destroy is not a list");
    if (s->n + json_array_size(list) > cap)
        return JMAP_REQUEST_TOO_LARGE;
    size_t first = s->n;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        bool twice = false;
        if (!json_is_string(v))
            return jmap_invalid(s->c, "an id is not a string");
        for (size_t k = first; k < s->n && !twice; k++)
            twice = str_eq(s->obj[k].key, jmap_json_str(v));
        if (twice)
            continue;
        struct jmap_obj *o = &s->obj[s->n++];
        *o = (struct jmap_obj){.op = JMAP_DESTROY, .key = jmap_json_str(v)};
        if (!jmap_id_of(s->c, o->key, &o->id))
            jmap_obj_refuse(o, "notFound", NULL);
        for (size_t k = 0; o->id && k < first; k++)
            if (s->obj[k].op == JMAP_UPDATE && s->obj[k].id == o->id)
                jmap_obj_refuse(&s->obj[k], "willDestroy", NULL);
    }
    return 0;
}

static int read_args(struct jmap_set *s)
{
    struct jmap_call *c = s->c;
    int err = jmap_arg_account(c);
    if (!err)
        err = check_args(s);
    if (!err && s->type->sync)
        err = read_state(c->t, c->person->org, c->person->account, s->type->sync, &s->old);
    if (!err)
        err = read_if(s);
    s->obj = arena_array(c->arena, struct jmap_obj, JMAP_SET_MAX + 1);
    if (!err)
        err = add_map(s, s->type->create_key ? s->type->create_key : "create", JMAP_CREATE, JMAP_SET_MAX);
    if (!err && !s->type->only_create)
        err = add_map(s, "update", JMAP_UPDATE, JMAP_SET_MAX);
    if (!err && !s->type->only_create)
        err = add_list(s, JMAP_SET_MAX);
    return err || !s->type->begin ? err : s->type->begin(s);
}

/* ---- writing ---- */

static void make_steps(struct jmap_set *s)
{
    unsigned cost = JMAP_SET_STEP;
    s->step = arena_array(s->c->arena, size_t, s->n + 1);
    for (size_t i = 0; i < s->n; i++) {
        unsigned own = s->obj[i].error ? 0 : s->obj[i].cost ? s->obj[i].cost : 1;
        if (cost + own > JMAP_SET_STEP) {
            s->step[s->n_steps++] = i;
            cost = 0;
        }
        cost += own;
    }
    s->step[s->n_steps] = s->n;
}

static void step_range(const struct jmap_set *s, size_t i, size_t *from, size_t *to)
{
    *from = s->step[i];
    *to = s->step[i + 1];
}

static int set_step(struct txn *t, struct jmap_call *c, size_t i)
{
    struct jmap_set *s = c->write.arg;
    size_t from, to;
    if (i == 0 && s->has_if) {
        struct read_state now;
        int r = read_state(t, c->person->org, c->person->account, s->type->sync, &now);
        if (r || now.seq != s->old.seq) {
            s->failed = s->n;
            return r ? r : JMAP_STATE_MISMATCH;
        }
    }
    step_range(s, i, &from, &to);
    s->again = s->n;
    for (size_t k = from; k < to; k++) {
        struct jmap_obj *o = &s->obj[k];
        if (o->error || o->applied)
            continue;
        s->dirty = false;
        int r = s->type->apply(t, s, o);
        if (r == 0)
            continue;
        if (r == JMAP_OBJ_AGAIN) {
            s->again = k;
            return 0;
        }
        if (r > 0 && !s->dirty) {
            jmap_obj_mail(o, r);
            continue;
        }
        s->failed = k;
        return r;
    }
    return 0;
}

/* An object that failed half-way was undone with its whole step: the rest runs again without it. */
static int set_refused(struct jmap_call *c, size_t i, int code)
{
    struct jmap_set *s = c->write.arg;
    (void)i;
    if (s->failed >= s->n)
        return code;
    jmap_obj_mail(&s->obj[s->failed], code);
    return 0;
}

static bool set_repeat(struct jmap_call *c, size_t i)
{
    struct jmap_set *s = c->write.arg;
    size_t from, to;
    if (s->again >= s->n)
        return false;
    step_range(s, i, &from, &to);
    for (size_t k = from; k < s->again; k++)
        s->obj[k].applied = true;
    s->has_if = false; /* our own changes */
    return true;
}

static struct blob_draft *const *set_drafts(struct jmap_call *c, size_t i, size_t *n)
{
    struct jmap_set *s = c->write.arg;
    size_t from, to;
    step_range(s, i, &from, &to);
    struct blob_draft **list = arena_array(c->arena, struct blob_draft *, 2 * (to - from) + 1);
    *n = 0;
    for (size_t k = from; k < to; k++)
        for (size_t d = 0; !s->obj[k].error && d < s->obj[k].n_drafts; d++)
            list[(*n)++] = s->obj[k].draft[d];
    return list;
}

/* ---- the answer ---- */

void jmap_put_set_error(struct json_w *w, const struct jmap_obj *o)
{
    json_obj(w);
    json_kstr(w, "type", str_c(o->error));
    if (o->why)
        json_kstr(w, "description", str_c(o->why));
    if (o->why_it)
        json_kstr(w, "descriptionIt", str_c(o->why_it));
    if (o->existing.n && strcmp(o->error, "alreadyExists") == 0)
        json_kstr(w, "existingId", o->existing);
    if (o->existing.n && strcmp(o->error, "blobNotFound") == 0) {
        json_keyz(w, "notFound");
        json_arr(w);
        json_str(w, o->existing);
        json_arr_end(w);
    }
    if (strcmp(o->error, "invalidProperties") == 0) {
        json_keyz(w, "properties");
        json_arr(w);
        if (o->property)
            json_strz(w, o->property);
        json_arr_end(w);
    }
    json_obj_end(w);
}

static void put_created(struct jmap_set *s)
{
    struct json_w *w = s->c->w;
    char text[ID_TEXT_MAX + 1];
    json_keyz(w, "created");
    json_obj(w);
    for (size_t i = 0; i < s->n; i++) {
        struct jmap_obj *o = &s->obj[i];
        if (o->op != JMAP_CREATE || o->error)
            continue;
        struct str id = str_n(text, id_text(o->id, text));
        jmap_run_created(s->c, o->key, id);
        json_key(w, o->key);
        json_obj(w);
        json_kstr(w, "id", id);
        if (s->type->made)
            s->type->made(s, o, w);
        json_obj_end(w);
    }
    json_obj_end(w);
}

static void put_refused(struct jmap_set *s, const char *key, enum jmap_op op)
{
    struct json_w *w = s->c->w;
    json_keyz(w, key);
    json_obj(w);
    for (size_t i = 0; i < s->n; i++)
        if (s->obj[i].op == op && s->obj[i].error) {
            json_key(w, s->obj[i].key);
            jmap_put_set_error(w, &s->obj[i]);
        }
    json_obj_end(w);
}

static void put_updated(struct jmap_set *s)
{
    struct json_w *w = s->c->w;
    json_keyz(w, "updated");
    json_obj(w);
    for (size_t i = 0; i < s->n; i++) {
        if (s->obj[i].op != JMAP_UPDATE || s->obj[i].error)
            continue;
        char text[ID_TEXT_MAX + 1];
        json_key(w, str_n(text, id_text(s->obj[i].id, text)));
        if (s->type->updated)
            s->type->updated(s, &s->obj[i], w);
        else
            json_none(w);
    }
    json_obj_end(w);
    json_keyz(w, "destroyed");
    json_arr(w);
    for (size_t i = 0; i < s->n; i++)
        if (s->obj[i].op == JMAP_DESTROY && !s->obj[i].error)
            jmap_put_id(w, s->obj[i].id);
    json_arr_end(w);
}

static int set_finish(struct jmap_call *c)
{
    struct jmap_set *s = c->write.arg;
    struct read_state now = {0};
    int err = s->type->sync ? read_state(c->t, c->person->org, c->person->account, s->type->sync, &now) : 0;
    if (err)
        return err;
    json_obj(c->w);
    jmap_put_account(c);
    if (s->type->sync) {
        jmap_put_state(c, "oldState", s->old);
        jmap_put_state(c, "newState", now);
    }
    put_created(s);
    put_refused(s, "notCreated", JMAP_CREATE);
    if (!s->type->only_create) {
        put_updated(s);
        put_refused(s, "notUpdated", JMAP_UPDATE);
        put_refused(s, "notDestroyed", JMAP_DESTROY);
    }
    json_obj_end(c->w);
    return 0;
}

int jmap_set(struct jmap_call *c, const struct jmap_set_type *type, void *arg)
{
    struct jmap_set *s = arena_new(c->arena, struct jmap_set);
    bool any = false;
    s->c = c;
    s->type = type;
    s->arg = arg;
    int err = read_args(s);
    for (size_t i = 0; i < s->n && !err; i++) {
        if (!s->obj[i].error)
            err = type->prepare(s, &s->obj[i]);
        any = any || !s->obj[i].error;
    }
    if (err)
        return err;
    make_steps(s);
    c->write = (struct jmap_write){.n_steps = s->n_steps,
                                   .step = set_step,
                                   .refused = set_refused,
                                   .repeat = set_repeat,
                                   .finish = set_finish,
                                   .drafts = set_drafts,
                                   .arg = s};
    return any ? JMAP_WRITES : set_finish(c);
}
