#include "jmap/admin_list.h"
#include "core/hash.h"

void admin_put_when(struct json_w *w, int64_t ms)
{
    if (ms > 0)
        json_time(w, ms);
    else
        json_none(w);
}

static int read_map(struct jmap_call *c, struct admin_list *l, const char *arg, enum jmap_op op)
{
    json_t *map = json_object_get(c->args, arg), *v;
    const char *key;
    if (!map || json_is_null(map))
        return 0;
    if (!json_is_object(map))
        return jmap_invalid(c, "create and update are maps");
    if (l->n + json_object_size(map) > ADMIN_SET_MAX)
        return JMAP_REQUEST_TOO_LARGE;
    json_object_foreach(map, key, v)
    {
        struct jmap_obj *o = &l->obj[l->n++];
        *o = (struct jmap_obj){.op = op, .key = str_c(key), .value = v};
        if (!json_is_object(v))
            return jmap_invalid(c, "an object is expected for each id");
        if (op == JMAP_UPDATE && !l->named && !id_parse(o->key, &o->id))
            jmap_obj_refuse(o, "notFound", NULL);
    }
    return 0;
}

static int read_gone(struct jmap_call *c, struct admin_list *l)
{
    const json_t *gone = json_object_get(c->args, "destroy");
    if (gone && !json_is_null(gone) && !json_is_array(gone))
        return jmap_invalid(c, "destroy is a list");
    if (l->n + json_array_size(gone) > ADMIN_SET_MAX)
        return JMAP_REQUEST_TOO_LARGE;
    for (size_t i = 0; i < json_array_size(gone); i++) {
        if (!json_is_string(json_array_get(gone, i)))
            return jmap_invalid(c, "an id is not a string");
        l->obj[l->n++] = (struct jmap_obj){.op = JMAP_DESTROY, .key = jmap_json_str(json_array_get(gone, i))};
    }
    return 0;
}

int admin_list_read(struct jmap_call *c, struct admin_list *l, const char *const *args)
{
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && !c->person->may_write)
        err = JMAP_FORBIDDEN;
    if (!err)
        err = read_map(c, l, "create", JMAP_CREATE);
    if (!err)
        err = read_map(c, l, "update", JMAP_UPDATE);
    return err ? err : read_gone(c, l);
}

static void put_members(struct jmap_call *c, const struct admin_list *l, const struct jmap_obj *o)
{
    if (o->op == JMAP_UPDATE && !l->put) {
        json_none(c->w);
        return;
    }
    json_obj(c->w);
    if (o->op == JMAP_CREATE) {
        json_keyz(c->w, "id");
        if (l->named)
            json_str(c->w, o->existing);
        else
            jmap_put_id(c->w, o->id);
    }
    if (l->put)
        l->put(c, o);
    json_obj_end(c->w);
}

static void put_done(struct jmap_call *c, const struct admin_list *l, const char *key, enum jmap_op op)
{
    json_keyz(c->w, key);
    (op == JMAP_DESTROY ? json_arr : json_obj)(c->w);
    for (size_t i = 0; i < l->n; i++) {
        const struct jmap_obj *o = &l->obj[i];
        if (o->op != op || o->error)
            continue;
        if (op == JMAP_DESTROY) {
            json_str(c->w, o->key);
            continue;
        }
        json_key(c->w, o->key);
        put_members(c, l, o);
    }
    (op == JMAP_DESTROY ? json_arr_end : json_obj_end)(c->w);
}

static void put_refused(struct jmap_call *c, const struct admin_list *l, const char *key, enum jmap_op op)
{
    json_keyz(c->w, key);
    json_obj(c->w);
    for (size_t i = 0; i < l->n; i++)
        if (l->obj[i].op == op && l->obj[i].error) {
            json_key(c->w, l->obj[i].key);
            jmap_put_set_error(c->w, &l->obj[i]);
        }
    json_obj_end(c->w);
}

void admin_list_put(struct jmap_call *c, const struct admin_list *l)
{
    json_obj(c->w);
    jmap_put_account(c);
    put_done(c, l, "created", JMAP_CREATE);
    put_done(c, l, "updated", JMAP_UPDATE);
    put_done(c, l, "destroyed", JMAP_DESTROY);
    put_refused(c, l, "notCreated", JMAP_CREATE);
    put_refused(c, l, "notUpdated", JMAP_UPDATE);
    put_refused(c, l, "notDestroyed", JMAP_DESTROY);
    json_obj_end(c->w);
}
