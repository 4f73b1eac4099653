#include "jmap/method.h"
#include "core/date.h"
#include "core/hash.h"

#include <stdlib.h>

struct str jmap_json_str(const json_t *v)
{
    return json_is_string(v) ? str_n(json_string_value(v), json_string_length(v)) : STR("");
}

int jmap_invalid(struct jmap_call *c, const char *why)
{
    c->why = why;
    return JMAP_INVALID_ARGUMENTS;
}

bool jmap_is_account(const struct jmap_call *c, struct str id)
{
    char own[ID_TEXT_MAX + 1];
    return str_eq(id, str_n(own, id_text(c->person->account, own)));
}

int jmap_arg_account(struct jmap_call *c)
{
    struct str given = jmap_json_str(json_object_get(c->args, "accountId"));
    if (given.n == 0)
        return jmap_invalid(c, "accountId is missing");
    return jmap_is_account(c, given) ? 0 : JMAP_ACCOUNT_NOT_FOUND;
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
            return jmap_invalid(c, "an argument is not known to this method");
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
        return jmap_invalid(c, "ids is neither null nor a list");
    size_t n = json_array_size(v);
    if (n > JMAP_OBJECTS_MAX)
        return JMAP_REQUEST_TOO_LARGE;
    out->id = arena_array(c->arena, int64_t, n + 1);
    out->bad = arena_array(c->arena, struct str, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(v, i);
        int64_t id;
        if (!json_is_string(item))
            return jmap_invalid(c, "an id is not a string");
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
        return jmap_invalid(c, "a number is expected");
    int64_t i = json_integer_value(v);
    if (i < min)
        return jmap_invalid(c, "a number is too small");
    *out = i > max ? max : i;
    return 0;
}

int jmap_arg_bool(struct jmap_call *c, const char *key, bool def, bool *out)
{
    const json_t *v = json_object_get(c->args, key);
    *out = v ? json_is_true(v) : def;
    return !v || json_is_boolean(v) ? 0 : jmap_invalid(c, "true or false is expected");
}

int jmap_arg_state(struct jmap_call *c, struct read_state *since)
{
    const json_t *s = json_object_get(c->args, "sinceState");
    if (!json_is_string(s))
        return jmap_invalid(c, "sinceState is missing");
    return read_state_parse(jmap_json_str(s), since) ? 0 : JMAP_CANNOT_CALCULATE_CHANGES;
}

int jmap_arg_properties(struct jmap_call *c, const char *const *names, size_t n, uint64_t *bits)
{
    const json_t *v = json_object_get(c->args, "properties");
    *bits = n == 64 ? UINT64_MAX : (1ULL << n) - 1;
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_array(v))
        return jmap_invalid(c, "properties is neither null nor a list");
    *bits = 1; /* row 0 is id */
    for (size_t i = 0; i < json_array_size(v); i++) {
        struct str want = jmap_json_str(json_array_get(v, i));
        size_t k = 0;
        while (k < n && !str_eq(want, str_c(names[k])))
            k++;
        if (k == n)
            return jmap_invalid(c, "a property is not known");
        *bits |= 1ULL << k;
    }
    return 0;
}

bool jmap_id_of(const struct jmap_call *c, struct str text, int64_t *id)
{
    struct str made;
    if (text.n > 1 && text.p[0] == '#')
        return jmap_run_find_created(c, str_from(text, 1), &made) && id_parse(made, id);
    return id_parse(text, id);
}

/* "2026-11-21T18:00:00Z", with an optional fraction of a second. */
bool jmap_utc(struct str text, int64_t *ms)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    static const struct {
        uint8_t at, n;
        uint16_t lo, hi;
    } parts[] = {{0, 4, 0, 9999}, {5, 2, 1, 12}, {8, 2, 1, 31}, {11, 2, 0, 23}, {14, 2, 0, 59}, {17, 2, 0, 60}};
    int v[N_ELEMENTS(parts)];
    size_t at = sizeof shape - 1;
    if (text.n <= at || text.n > 40)
        return false;
    for (size_t i = 0; i < at; i++)
        if (shape[i] == 'd' ? !ascii_is_digit(text.p[i]) : text.p[i] != shape[i])
            return false;
    for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
        uint64_t n;
        if (!str_u64(str_n(text.p + parts[i].at, parts[i].n), &n) || n < parts[i].lo || n > parts[i].hi)
            return false;
        v[i] = (int)n;
    }
    if (text.p[at] == '.')
        for (at++; at < text.n && ascii_is_digit(text.p[at]);)
            at++;
    if (at + 1 != text.n || text.p[at] != 'Z')
        return false;
    struct date d = {.year = v[0], .month = v[1], .day = v[2], .hour = v[3], .minute = v[4], .second = v[5]};
    *ms = date_to_ms(&d);
    return true;
}

void jmap_put_value(struct json_w *w, const json_t *v)
{
    char *text = v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    if (text)
        json_raw(w, str_c(text));
    else
        json_none(w);
    free(text);
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
