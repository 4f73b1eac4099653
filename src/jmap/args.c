#include "jmap/method.h"
#include "core/hash.h"

struct str jmap_json_str(const json_t *v)
{
    return json_is_string(v) ? str_n(json_string_value(v), json_string_length(v)) : STR("");
}

static int invalid(struct jmap_call *c, const char *why)
{
    c->why = why;
    return JMAP_INVALID_ARGUMENTS;
}

int jmap_arg_account(struct jmap_call *c)
{
    struct str given = jmap_json_str(json_object_get(c->args, "accountId"));
    char own[ID_TEXT_MAX + 1];
    if (given.n == 0)
        return invalid(c, "accountId is missing");
    size_t n = id_text(c->person->account, own);
    return str_eq(given, str_n(own, n)) ? 0 : JMAP_ACCOUNT_NOT_FOUND;
}

int jmap_arg_only(struct jmap_call *c, const char *const *names)
{
    const char *key;
    json_t *value;
    json_object_foreach(c->args, key, value)
    {
        bool known = strcmp(key, "accountId") == 0;
        for (size_t i = 0; names[i] && !known; i++)
            known = strcmp(key, names[i]) == 0;
        if (!known)
            return invalid(c, "an argument is not known to this method");
    }
    return 0;
}

int jmap_arg_ids(struct jmap_call *c, const char *key, struct jmap_ids *out)
{
    const json_t *v = json_object_get(c->args, key);
    *out = (struct jmap_ids){0};
    if (!v || json_is_null(v)) {
        out->all = true;
        return 0;
    }
    if (!json_is_array(v))
        return invalid(c, "ids is neither null nor a list");
    size_t n = json_array_size(v);
    if (n > JMAP_OBJECTS_MAX)
        return JMAP_REQUEST_TOO_LARGE;
    out->id = arena_array(c->arena, int64_t, n + 1);
    out->bad = arena_array(c->arena, struct str, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(v, i);
        int64_t id;
        if (!json_is_string(item))
            return invalid(c, "an id is not a string");
        bool twice = false, ok = id_parse(jmap_json_str(item), &id);
        for (size_t k = 0; ok && k < out->n && !twice; k++)
            twice = out->id[k] == id;
        if (twice)
            continue;
        if (ok)
            out->id[out->n++] = id;
        else
            out->bad[out->n_bad++] = arena_str(c->arena, jmap_json_str(item));
    }
    return 0;
}

int jmap_arg_int(struct jmap_call *c, const char *key, int64_t def, int64_t min, int64_t max, int64_t *out)
{
    const json_t *v = json_object_get(c->args, key);
    *out = def;
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_integer(v))
        return invalid(c, "a number is expected");
    int64_t i = json_integer_value(v);
    if (i < min)
        return invalid(c, "a number is too small");
    *out = i > max ? max : i;
    return 0;
}

int jmap_arg_bool(struct jmap_call *c, const char *key, bool def, bool *out)
{
    const json_t *v = json_object_get(c->args, key);
    *out = v ? json_is_true(v) : def;
    return !v || json_is_boolean(v) ? 0 : invalid(c, "true or false is expected");
}

int jmap_arg_state(struct jmap_call *c, struct read_state *since)
{
    const json_t *s = json_object_get(c->args, "sinceState");
    if (!json_is_string(s))
        return invalid(c, "sinceState is missing");
    return read_state_parse(jmap_json_str(s), since) ? 0 : JMAP_CANNOT_CALCULATE_CHANGES;
}

int jmap_arg_properties(struct jmap_call *c, const char *const *names, size_t n, uint64_t *bits)
{
    const json_t *v = json_object_get(c->args, "properties");
    *bits = n == 64 ? UINT64_MAX : (1ULL << n) - 1;
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_array(v))
        return invalid(c, "properties is neither null nor a list");
    *bits = 1; /* row 0 is id */
    for (size_t i = 0; i < json_array_size(v); i++) {
        struct str want = jmap_json_str(json_array_get(v, i));
        size_t k = 0;
        while (k < n && !str_eq(want, str_c(names[k])))
            k++;
        if (k == n)
            return invalid(c, "a property is not known");
        *bits |= 1ULL << k;
    }
    return 0;
}

void jmap_put_id(struct json_w *w, int64_t id)
{
    char text[ID_TEXT_MAX + 1];
    size_t n = id_text(id, text);
    json_str(w, str_n(text, n));
}

void jmap_put_state(struct jmap_call *c, const char *key, struct read_state s)
{
    json_kstr(c->w, key, read_state_text(c->arena, s));
}

void jmap_put_account(struct jmap_call *c)
{
    json_keyz(c->w, "accountId");
    jmap_put_id(c->w, c->person->account);
}

void jmap_put_not_found(struct jmap_call *c, const struct jmap_ids *ids, const int64_t *missing, size_t n_missing)
{
    json_keyz(c->w, "notFound");
    json_arr(c->w);
    for (size_t i = 0; i < n_missing; i++)
        jmap_put_id(c->w, missing[i]);
    for (size_t i = 0; i < ids->n_bad; i++)
        json_str(c->w, ids->bad[i]);
    json_arr_end(c->w);
}
