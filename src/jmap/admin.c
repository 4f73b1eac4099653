/* urn:sigillo:admin: people of the administrator's own firm, and the health of the service. Every id is looked up inside that firm. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/admin_list.h"
#include "jmap/routes.h"
#include "jmap/types.h"
#include "store/manage.h"

#include <stdlib.h>
#include <string.h>

#define PASSWORD_BYTES_MAX 1024u
#define PASSWORD_CHARS_MIN 8u

/* ---- people: get ---- */

enum { PP_ID, PP_ADDRESS, PP_NAME, PP_STATE, PP_ROLE, PP_USED, PP_QUOTA, PP_CREATED, PP_LOGIN, PP_TOKENS, PP_COUNT };
static const char *const person_names[PP_COUNT] = {"id",        "address",    "name",      "state",       "role",
                                                   "usedBytes", "quotaBytes", "createdAt", "lastLoginAt", "tokens"};

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
        case PP_CREATED: admin_put_when(w, p->created_ms); break;
        case PP_LOGIN: admin_put_when(w, p->login_ms); break;
        case PP_TOKENS: json_int(w, p->tokens); break;
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
    bool has_name, has_state, has_role, has_quota, active, admin, keep_tokens;
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
        } else if (strcmp(key, "keepTokens") == 0 && json_is_boolean(v) && o->op == JMAP_UPDATE) {
            p->keep_tokens = json_is_true(v);
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

static int foreign_domain(struct jmap_call *c, struct jmap_obj *o, struct str domain)
{
    struct domain_row row = {.pending = false};
    if (domain_get(c->t, c->arena, c->person->org, domain, &row) == 1 && row.pending)
        return jmap_obj_say(o, "invalidProperties", "address", "This domain is not proven yet: verify it first.",
                            "Questo dominio non è ancora verificato: verificatelo prima.");
    if (row.lapsed_ms)
        return jmap_obj_say(o, "invalidProperties", "address", "This domain's record is gone: publish it again first.",
                            "Il record di questo dominio non c'è più: pubblicatelo di nuovo prima.");
    return jmap_obj_say(o, "invalidProperties", "address", "The firm does not have this domain.",
                        "L'azienda non ha questo dominio.");
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
        return foreign_domain(c, o, domain);
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
        r = login_set_hash(c->t->store, &at, hash, p->keep_tokens ? LOGIN_KEEP_TOKENS : LOGIN_REVOKE_TOKENS,
                           c->person->address, &e);
    }
    if (p->password.n || (was_active && !row.active))
        jmap_run_log_out(c, o->id);
    return store_refusal(o, r, c->arena, &e);
}

int jmap_person_set(struct jmap_call *c)
{
    static const char *const args[] = {"create", "update", NULL};
    struct admin_list *l = arena_new(c->arena, struct admin_list);
    int err = admin_list_read(c, l, args);
    if (err)
        return err;
    for (size_t i = 0; i < l->n; i++) {
        struct jmap_obj *o = &l->obj[i];
        struct person_new p = {0};
        if (o->error || read_person(o, &p) != 0)
            continue;
        (void)(o->op == JMAP_CREATE ? create_person(c, o, &p) : update_person(c, o, &p));
    }
    admin_list_put(c, l);
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
