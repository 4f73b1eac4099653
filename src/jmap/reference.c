/* Back-references (RFC 8620 3.7): the path is a JSON pointer (RFC 6901) in which "*" maps over an array and flattens
 * one level. */
#include "jmap/email_set.h"
#include "core/err.h"

#define REFERENCE_RESULT_MAX 5000u
#define REFERENCES_MAX 16u /* of one call */

struct str jmap_pointer_token(struct arena *a, struct str token)
{
    char *p = arena_alloc(a, token.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < token.n; i++) {
        char c = token.p[i];
        if (c == '~' && i + 1 < token.n && (token.p[i + 1] == '0' || token.p[i + 1] == '1'))
            c = token.p[++i] == '0' ? '~' : '/';
        p[n++] = c;
    }
    p[n] = '\0';
    return str_n(p, n);
}

/* New reference, or NULL when the path leads nowhere. */
static json_t *follow(struct arena *a, json_t *v, struct str path);

static json_t *map_over(struct arena *a, json_t *array, struct str rest)
{
    json_t *out = json_array(), *item;
    size_t i;
    json_array_foreach(array, i, item)
    {
        json_t *got = follow(a, item, rest);
        bool ok = got && json_array_size(out) < REFERENCE_RESULT_MAX;
        if (ok && json_is_array(got))
            json_array_extend(out, got);
        else if (ok)
            json_array_append(out, got);
        json_decref(got);
        if (!ok) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static json_t *follow(struct arena *a, json_t *v, struct str path)
{
    if (path.n == 0)
        return json_incref(v);
    if (path.p[0] != '/')
        return NULL;
    ptrdiff_t next = str_chr(path, '/', 1);
    struct str token = jmap_pointer_token(a, str_n(path.p + 1, (next < 0 ? path.n : (size_t)next) - 1)),
               rest = next < 0 ? STR("") : str_from(path, (size_t)next);
    if (json_is_array(v)) {
        uint64_t i;
        if (str_eq(token, STR("*")))
            return map_over(a, v, rest);
        json_t *item = str_u64(token, &i) ? json_array_get(v, (size_t)i) : NULL;
        return item ? follow(a, item, rest) : NULL;
    }
    json_t *item = json_is_object(v) ? json_object_get(v, token.p) : NULL;
    return item ? follow(a, item, rest) : NULL;
}

static json_t *resolve_one(struct jmap_call *c, const json_t *ref, struct jmap_done *done, size_t n)
{
    struct str of = jmap_json_str(json_object_get(ref, "resultOf")), name = jmap_json_str(json_object_get(ref, "name")),
               path = jmap_json_str(json_object_get(ref, "path"));
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(done[i].id, of))
            continue;
        if (!str_eq(done[i].name, name))
            return NULL;
        if (!done[i].read && done[i].json.n)
            done[i].read = json_read(done[i].json, NULL);
        return done[i].read ? follow(c->arena, done[i].read, path) : NULL;
    }
    return NULL;
}

static int resolve_key(struct jmap_call *c, const char *key, struct jmap_done *done, size_t n)
{
    if (json_object_get(c->args, key + 1)) {
        c->why = "an argument stands both plainly and as a reference";
        return JMAP_INVALID_ARGUMENTS;
    }
    json_t *got = resolve_one(c, json_object_get(c->args, key), done, n);
    if (!got)
        return JMAP_INVALID_RESULT_REFERENCE;
    if (json_object_set_new(c->args, key + 1, got) != 0 || json_object_del(c->args, key) != 0)
        return JMAP_SERVER_FAIL;
    return 0;
}

int jmap_resolve(struct jmap_call *c, struct jmap_done *done, size_t n)
{
    /* Keys first: the object is changed while they are resolved. */
    const char *keys[REFERENCES_MAX], *key;
    size_t n_keys = 0;
    json_t *value;
    json_object_foreach(c->args, key, value)
    {
        if (key[0] != '#')
            continue;
        if (n_keys == REFERENCES_MAX)
            return JMAP_INVALID_ARGUMENTS;
        keys[n_keys++] = arena_z(c->arena, str_c(key));
    }
    for (size_t i = 0; i < n_keys; i++) {
        int err = resolve_key(c, keys[i], done, n);
        if (err != 0)
            return err;
    }
    return 0;
}
