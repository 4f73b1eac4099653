/* urn:sigillo:admin: people and domains of the administrator's own firm, and the health of the service. Every id is looked up inside that firm. What is changed
 * here is changed by store/manage.h in its own commits, while the call waits: rare, and some tens of milliseconds. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/set.h"
#include "jmap/routes.h"
#include "jmap/types.h"
#include "store/manage.h"

#include <stdlib.h>
#include <string.h>

#define ADMIN_SET_MAX 20u /* objects of one call: each takes commits of its own */
#define PASSWORD_BYTES_MAX 1024u
#define PASSWORD_CHARS_MIN 8u

/* ---- people: get ---- */

enum { PP_ID, PP_ADDRESS, PP_NAME, PP_STATE, PP_ROLE, PP_USED, PP_QUOTA, PP_CREATED, PP_LOGIN, PP_COUNT };
static const char *const person_names[PP_COUNT] = {"id",        "address",    "name",      "state",      "role",
                                                   "usedBytes", "quotaBytes", "createdAt", "lastLoginAt"};

static void put_when(struct json_w *w, int64_t ms)
{
    if (ms > 0)
        json_time(w, ms);
    else
        json_none(w);
}

static void put_person(struct json_w *w, const struct person_row *p, uint64_t bits)
{
    json_obj(w);
    for (int i = 0; i < PP_COUNT; i++) {
        if (!(bits & (1ULL << i)))
            continue;
        json_keyz(w, person_names[i]);
        switch (i) {
        case PP_ID: jmap_put_id(w, p->account); break;
        case PP_ADDRESS: json_str(w, p->address); break;
        case PP_NAME: json_str(w, p->name); break;
        case PP_STATE: json_strz(w, p->active ? "active" : "disabled"); break;
        case PP_ROLE: json_strz(w, p->admin ? "admin" : "member"); break;
        case PP_USED: json_int(w, p->used_bytes); break;
        case PP_QUOTA: json_int(w, p->quota_bytes); break;
        case PP_CREATED: put_when(w, p->created_ms); break;
        case PP_LOGIN: put_when(w, p->login_ms); break;
        }
    }
    json_obj_end(w);
}

int jmap_person_get(struct jmap_call *c)
{
    static const char *const args[] = {"ids", "properties", NULL};
    struct person_row *list, one;
    struct jmap_ids ids;
    uint64_t bits;
    size_t n = 0, n_missing = 0;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_ids(c, "ids", &ids);
    if (!err)
        err = jmap_arg_properties(c, person_names, PP_COUNT, &bits);
    if (!err && ids.all)
        err = person_list(c->t, c->arena, c->person->org, 0, PERSON_LIST_MAX, &list, &n);
    if (!err && n == PERSON_LIST_MAX)
        err = JMAP_REQUEST_TOO_LARGE; /* ask by id */
    if (err)
        return err;
    int64_t *missing = arena_array(c->arena, int64_t, ids.n + 1);
    json_obj(c->w);
    jmap_put_account(c);
    json_keyz(c->w, "list");
    json_arr(c->w);
    for (size_t i = 0; i < n; i++)
        put_person(c->w, &list[i], bits);
    for (size_t i = 0; i < ids.n && err >= 0; i++) {
        err = person_get(c->t, c->arena, c->person->org, ids.id[i], &one);
        if (err == 1)
            put_person(c->w, &one, bits);
        else
            missing[n_missing++] = ids.id[i];
    }
    json_arr_end(c->w);
    jmap_put_not_found(c, &ids, missing, n_missing);
    json_obj_end(c->w);
    return err < 0 ? err : 0;
}

/* ---- people: set ---- */

struct person_new {
    struct str address, name, password;
    bool has_name, has_state, has_role, has_quota, active, admin;
    int64_t quota;
};

static int read_person(struct jmap_obj *o, struct person_new *p)
{
    const char *key;
    json_t *v;
    json_object_foreach(o->value, key, v)
    {
        struct str text = jmap_json_str(v);
        if (strcmp(key, "name") == 0 && json_is_string(v) && text.n <= PERSON_NAME_MAX) {
            p->has_name = true;
            p->name = text;
        } else if (strcmp(key, "password") == 0 && json_is_string(v)) {
            p->password = text;
            if (text.n < PASSWORD_CHARS_MIN || text.n > PASSWORD_BYTES_MAX)
                return jmap_obj_property(o, "password", "A password has 8 to 1024 characters.");
        } else if (strcmp(key, "address") == 0 && json_is_string(v) && o->op == JMAP_CREATE) {
            p->address = text;
        } else if (strcmp(key, "state") == 0 && (str_eq(text, STR("active")) || str_eq(text, STR("disabled")))) {
            p->has_state = true;
            p->active = str_eq(text, STR("active"));
        } else if (strcmp(key, "role") == 0 && (str_eq(text, STR("admin")) || str_eq(text, STR("member")))) {
            p->has_role = true;
            p->admin = str_eq(text, STR("admin"));
        } else if (strcmp(key, "quotaBytes") == 0 && json_is_integer(v) && json_integer_value(v) >= 0) {
            p->has_quota = true;
            p->quota = json_integer_value(v);
        } else {
            return jmap_obj_property(o, key, "This property or its value cannot be set.");
        }
    }
    return 0;
}

/* argon2id in the form the store keeps. */
static int hash_of(struct jmap_call *c, struct jmap_obj *o, struct str password, struct str *hash)
{
    AUTO(buf) struct buf b;
    buf_init(&b, 512);
    if (!c->ctx || !c->ctx->hash)
        return jmap_obj_refuse(o, "forbidden", "Passwords cannot be set here.");
    if (c->ctx->hash(password, &b) != 0)
        return jmap_obj_property(o, "password", "This password cannot be used.");
    *hash = arena_str(c->arena, buf_str(&b));
    return 0;
}

static int store_refusal(struct jmap_obj *o, int r, struct arena *a, const struct err *e)
{
    const char *why = e->text[0] ? arena_z(a, str_c(e->text)) : NULL;
    switch (r) {
    case 0: return 0;
    case PERSON_UNKNOWN: return jmap_obj_refuse(o, "notFound", NULL);
    case PERSON_LAST_ADMIN: return jmap_obj_refuse(o, "forbidden", "A firm keeps at least one active administrator.");
    case PERSON_BAD_NAME: return jmap_obj_property(o, "name", "This name cannot be used.");
    case ERR_EXIST: return jmap_obj_refuse(o, "alreadyExists", why);
    case ERR_INVALID: return jmap_obj_property(o, "address", why);
    default: return jmap_obj_refuse(o, "serverFail", why);
    }
}

static int create_person(struct jmap_call *c, struct jmap_obj *o, const struct person_new *p)
{
    struct err e = {0};
    struct str key, domain, hash;
    struct place_of firm, at;
    struct new_user u = {.name = p->name};
    if (!p->password.n)
        return jmap_obj_property(o, "password", "A password is needed.");
    if (address_key(c->arena, p->address, &key, &domain, &e) != 0)
        return store_refusal(o, ERR_INVALID, c->arena, &e);
    /* An administrator makes people of his own firm alone, whatever domain he writes. */
    int r = directory_domain(c->t->store, domain, &firm);
    if (r < 0)
        return jmap_obj_refuse(o, "serverFail", NULL);
    if (r != 0 || firm.org != c->person->org)
        return jmap_obj_property(o, "address", "The firm does not have this domain.");
    if ((r = hash_of(c, o, p->password, &hash)) != 0)
        return r;
    u.address = key;
    u.password_hash = hash;
    r = user_create(c->t->store, domain, &u, &at, &e);
    if (r)
        return store_refusal(o, r, c->arena, &e);
    o->id = at.account;
    if (!p->has_role && !p->has_quota && !p->has_state)
        return 0;
    struct person_row row = {.account = at.account,
                             .address = key,
                             .name = p->name,
                             .active = !p->has_state || p->active,
                             .admin = p->has_role && p->admin,
                             .quota_bytes = p->quota};
    r = person_change(c->t->store, c->person->cell, c->person->org, &row, c->person->address, &e);
    return store_refusal(o, r, c->arena, &e);
}

static int update_person(struct jmap_call *c, struct jmap_obj *o, const struct person_new *p)
{
    struct err e = {0};
    struct person_row row;
    struct str hash;
    int r = person_get(c->t, c->arena, c->person->org, o->id, &row);
    if (r != 1)
        return jmap_obj_refuse(o, r < 0 ? "serverFail" : "notFound", NULL);
    if (p->password.n && (r = hash_of(c, o, p->password, &hash)) != 0)
        return r;
    bool was_active = row.active;
    row.name = p->has_name ? p->name : row.name;
    row.active = p->has_state ? p->active : row.active;
    row.admin = p->has_role ? p->admin : row.admin;
    row.quota_bytes = p->has_quota ? p->quota : row.quota_bytes;
    r = person_change(c->t->store, c->person->cell, c->person->org, &row, c->person->address, &e);
    if (r)
        return store_refusal(o, r, c->arena, &e);
    if (p->password.n) {
        struct place_of at = {.cell = c->person->cell, .org = c->person->org, .account = o->id, .found = true};
        r = login_set_hash(c->t->store, &at, hash, &e);
    }
    if (p->password.n || (was_active && !row.active))
        jmap_run_log_out(c, o->id);
    return store_refusal(o, r, c->arena, &e);
}

/* create, update and destroy of one call as objects; the shape of every /set. */
struct admin_list {
    struct jmap_obj obj[ADMIN_SET_MAX];
    size_t n;
};

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
        if (op == JMAP_UPDATE && !id_parse(o->key, &o->id))
            jmap_obj_refuse(o, "notFound", NULL);
    }
    return 0;
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

static void put_id(struct jmap_call *c, const struct jmap_obj *o)
{
    if (o->existing.n)
        json_str(c->w, o->existing); /* of a domain: its id is no number */
    else
        jmap_put_id(c->w, o->id);
}

static void put_list(struct jmap_call *c, const struct admin_list *l)
{
    json_obj(c->w);
    jmap_put_account(c);
    json_keyz(c->w, "created");
    json_obj(c->w);
    for (size_t i = 0; i < l->n; i++)
        if (l->obj[i].op == JMAP_CREATE && !l->obj[i].error) {
            json_key(c->w, l->obj[i].key);
            json_obj(c->w);
            json_keyz(c->w, "id");
            put_id(c, &l->obj[i]);
            json_obj_end(c->w);
        }
    json_obj_end(c->w);
    json_keyz(c->w, "updated");
    json_obj(c->w);
    for (size_t i = 0; i < l->n; i++)
        if (l->obj[i].op == JMAP_UPDATE && !l->obj[i].error) {
            json_key(c->w, l->obj[i].key);
            json_none(c->w);
        }
    json_obj_end(c->w);
    json_keyz(c->w, "destroyed");
    json_arr(c->w);
    for (size_t i = 0; i < l->n; i++)
        if (l->obj[i].op == JMAP_DESTROY && !l->obj[i].error)
            json_str(c->w, l->obj[i].key);
    json_arr_end(c->w);
    put_refused(c, l, "notCreated", JMAP_CREATE);
    put_refused(c, l, "notUpdated", JMAP_UPDATE);
    put_refused(c, l, "notDestroyed", JMAP_DESTROY);
    json_obj_end(c->w);
}

int jmap_person_set(struct jmap_call *c)
{
    static const char *const args[] = {"create", "update", NULL};
    struct admin_list *l = arena_new(c->arena, struct admin_list);
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && !c->person->may_write)
        err = JMAP_FORBIDDEN;
    if (!err)
        err = read_map(c, l, "create", JMAP_CREATE);
    if (!err)
        err = read_map(c, l, "update", JMAP_UPDATE);
    if (err)
        return err;
    for (size_t i = 0; i < l->n; i++) {
        struct jmap_obj *o = &l->obj[i];
        struct person_new p = {0};
        if (o->error || read_person(o, &p) != 0)
            continue;
        (void)(o->op == JMAP_CREATE ? create_person(c, o, &p) : update_person(c, o, &p));
    }
    put_list(c, l);
    return 0;
}

/* ---- domains: the id is the name with "_" for ".", behind "D" ---- */

static struct str domain_id(struct arena *a, struct str domain)
{
    struct str id = arena_printf(a, "D%.*s", STRF(domain));
    for (size_t i = 0; i < id.n; i++)
        if (id.p[i] == '.')
            ((char *)(uintptr_t)id.p)[i] = '_';
    return id;
}

static struct str domain_of_id(struct arena *a, struct str id)
{
    if (id.n < 2 || id.p[0] != 'D')
        return STR("");
    struct str d = arena_str(a, str_from(id, 1));
    for (size_t i = 0; i < d.n; i++)
        if (d.p[i] == '_')
            ((char *)(uintptr_t)d.p)[i] = '.';
    return d;
}

int jmap_domain_get(struct jmap_call *c)
{
    static const char *const args[] = {"ids", NULL};
    const json_t *ids = json_object_get(c->args, "ids");
    struct domain_row *rows;
    size_t n;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && ids && !json_is_null(ids) && !json_is_array(ids))
        err = jmap_invalid(c, "ids is neither null nor a list");
    if (!err && json_array_size(ids) > JMAP_OBJECTS_MAX)
        err = JMAP_REQUEST_TOO_LARGE;
    if (!err)
        err = domain_list(c->t, c->arena, c->person->org, &rows, &n);
    if (err)
        return err;
    bool *found = arena_array(c->arena, bool, json_array_size(ids) + 1);
    json_obj(c->w);
    jmap_put_account(c);
    json_keyz(c->w, "list");
    json_arr(c->w);
    for (size_t i = 0; i < n; i++) {
        struct str id = domain_id(c->arena, rows[i].domain);
        bool asked = !json_is_array(ids);
        for (size_t k = 0; k < json_array_size(ids); k++)
            if (str_eq(jmap_json_str(json_array_get(ids, k)), id))
                asked = found[k] = true;
        if (!asked)
            continue;
        json_obj(c->w);
        json_kstr(c->w, "id", id);
        json_kstr(c->w, "domain", rows[i].domain);
        json_keyz(c->w, "createdAt");
        put_when(c->w, rows[i].created_ms);
        json_obj_end(c->w);
    }
    json_arr_end(c->w);
    json_keyz(c->w, "notFound");
    json_arr(c->w);
    for (size_t k = 0; k < json_array_size(ids); k++)
        if (!found[k])
            jmap_put_value(c->w, json_array_get(ids, k));
    json_arr_end(c->w);
    json_obj_end(c->w);
    return 0;
}

static int domain_refusal(struct jmap_obj *o, int r, struct arena *a, const struct err *e)
{
    switch (r) {
    case 0: return 0;
    case DOMAIN_TAKEN: return jmap_obj_property(o, "domain", "This domain belongs to another firm here.");
    case DOMAIN_UNKNOWN: return jmap_obj_refuse(o, "notFound", NULL);
    case DOMAIN_IN_USE: return jmap_obj_refuse(o, "forbidden", "There are still addresses in this domain.");
    case DOMAIN_LAST: return jmap_obj_refuse(o, "forbidden", "A firm keeps at least one domain.");
    case DOMAIN_TOO_MANY: return jmap_obj_refuse(o, "overQuota", NULL);
    default: return jmap_obj_refuse(o, "serverFail", e->text[0] ? arena_z(a, str_c(e->text)) : NULL);
    }
}

static int set_domain(struct jmap_call *c, struct jmap_obj *o)
{
    struct err e = {0};
    struct str domain;
    const struct jmap_person *me = c->person;
    if (o->op == JMAP_DESTROY) {
        struct str given = domain_of_id(c->arena, o->key);
        if (domain_key(c->arena, given, &domain, &e) != 0)
            return jmap_obj_refuse(o, "notFound", NULL);
        return domain_refusal(o, domain_remove(c->t->store, me->cell, me->org, domain, me->address, &e), c->arena, &e);
    }
    if (json_object_size(o->value) != 1 ||
        domain_key(c->arena, jmap_json_str(json_object_get(o->value, "domain")), &domain, &e) != 0)
        return jmap_obj_property(o, "domain", "A domain is expected, and nothing else.");
    int r = domain_add(c->t->store, me->cell, me->org, domain, me->address, &e);
    o->existing = domain_id(c->arena, domain);
    return domain_refusal(o, r, c->arena, &e);
}

int jmap_domain_set(struct jmap_call *c)
{
    static const char *const args[] = {"create", "destroy", NULL};
    struct admin_list *l = arena_new(c->arena, struct admin_list);
    const json_t *gone = json_object_get(c->args, "destroy");
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && !c->person->may_write)
        err = JMAP_FORBIDDEN;
    if (!err)
        err = read_map(c, l, "create", JMAP_CREATE);
    if (!err && gone && !json_is_null(gone) && !json_is_array(gone))
        err = jmap_invalid(c, "destroy is a list");
    if (!err && l->n + json_array_size(gone) > ADMIN_SET_MAX)
        err = JMAP_REQUEST_TOO_LARGE;
    for (size_t i = 0; i < json_array_size(gone) && !err; i++) {
        if (!json_is_string(json_array_get(gone, i)))
            err = jmap_invalid(c, "an id is not a string");
        l->obj[l->n++] = (struct jmap_obj){.op = JMAP_DESTROY, .key = jmap_json_str(json_array_get(gone, i))};
    }
    if (err)
        return err;
    for (size_t i = 0; i < l->n; i++)
        (void)set_domain(c, &l->obj[i]);
    put_list(c, l);
    return 0;
}

/* ---- health ---- */

int jmap_health_get(struct jmap_call *c)
{
    static const char *const args[] = {NULL};
    const char *key;
    json_t *all, *v;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (err)
        return err;
    if (!c->health.n || !(all = json_read(c->health, NULL)))
        return JMAP_SERVER_UNAVAILABLE;
    json_obj(c->w);
    jmap_put_account(c);
    json_object_foreach(all, key, v)
    {
        json_keyz(c->w, key);
        jmap_put_value(c->w, v);
    }
    json_obj_end(c->w);
    json_decref(all);
    return 0;
}
