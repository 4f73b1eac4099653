/* The API request (RFC 8620 3.3-3.6): read, resolve references, run each method, collect answers. */
#include "jmap/method.h"
#include "core/err.h"

static const struct {
    const char *type, *fallback;
} errors[JMAP_ERRORS] = {
    [JMAP_UNKNOWN_METHOD] = {"unknownMethod", NULL},
    [JMAP_INVALID_ARGUMENTS] = {"invalidArguments", NULL},
    [JMAP_INVALID_RESULT_REFERENCE] = {"invalidResultReference", NULL},
    [JMAP_ACCOUNT_NOT_FOUND] = {"accountNotFound", NULL},
    [JMAP_REQUEST_TOO_LARGE] = {"requestTooLarge", "Ask for fewer objects at once."},
    [JMAP_CANNOT_CALCULATE_CHANGES] = {"cannotCalculateChanges", "Fetch everything again; nothing is lost."},
    [JMAP_UNSUPPORTED_FILTER] = {"unsupportedFilter", NULL},
    [JMAP_UNSUPPORTED_SORT] = {"unsupportedSort", NULL},
    [JMAP_ANCHOR_NOT_FOUND] = {"anchorNotFound", NULL},
    [JMAP_SERVER_FAIL] = {"serverFail", "Nothing was changed. Try again."},
};

struct request {
    struct txn *t;
    const struct jmap_person *person;
    struct arena arena;
    struct json_w w;
    struct buf *out;
    json_t *root, *using, *calls;
    struct jmap_done done[JMAP_CALLS_MAX];
    size_t n_done;
};

static const char *const capabilities[] = {"urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail",
                                           "urn:sigillo:guard"};

static bool known_capability(struct str s)
{
    for (size_t i = 0; i < N_ELEMENTS(capabilities); i++)
        if (str_eq(s, str_c(capabilities[i])))
            return true;
    return false;
}

static void problem(struct buf *out, int *status, const char *type, const char *detail, const char *limit)
{
    struct json_w w;
    json_init(&w, out);
    *status = 400;
    json_obj(&w);
    json_kstr(&w, "type", str_c(type));
    json_kint(&w, "status", 400);
    json_kstr(&w, "detail", str_c(detail));
    if (limit)
        json_kstr(&w, "limit", str_c(limit));
    json_obj_end(&w);
}

/* Shape of the whole request; 0 or a problem was written. */
static int check(struct request *r, int *status)
{
    r->using = json_object_get(r->root, "using");
    r->calls = json_object_get(r->root, "methodCalls");
    if (!json_is_array(r->using) || !json_is_array(r->calls)) {
        problem(r->out, status, "urn:ietf:params:jmap:error:notRequest", "The body is JSON but not a JMAP request.",
                NULL);
        return 1;
    }
    if (json_array_size(r->calls) > JMAP_CALLS_MAX) {
        problem(r->out, status, "urn:ietf:params:jmap:error:limit", "Too many method calls in one request.",
                "maxCallsInRequest");
        return 1;
    }
    json_t *u;
    size_t i;
    json_array_foreach(r->using, i, u)
    {
        if (!known_capability(jmap_json_str(u))) {
            problem(r->out, status, "urn:ietf:params:jmap:error:unknownCapability",
                    "A capability in \"using\" is not offered here.", NULL);
            return 1;
        }
    }
    json_array_foreach(r->calls, i, u)
    {
        if (!json_is_array(u) || json_array_size(u) != 3 || !json_is_string(json_array_get(u, 0)) ||
            !json_is_object(json_array_get(u, 1)) || !json_is_string(json_array_get(u, 2))) {
            problem(r->out, status, "urn:ietf:params:jmap:error:notRequest",
                    "A method call is not [name, arguments, id].", NULL);
            return 1;
        }
    }
    return 0;
}

static const struct jmap_method *find_method(const struct request *r, struct str name)
{
    for (size_t i = 0; i < jmap_n_methods; i++) {
        if (!str_eq(name, str_c(jmap_methods[i].name)))
            continue;
        json_t *u;
        size_t k;
        json_array_foreach(r->using, k, u)
        {
            if (str_eq(jmap_json_str(u), str_c(jmap_methods[i].capability)))
                return &jmap_methods[i];
        }
        return NULL;
    }
    return NULL;
}

static void put_error(struct request *r, int error, const char *why)
{
    json_obj(&r->w);
    json_kstr(&r->w, "type", str_c(errors[error].type));
    const char *text = why ? why : errors[error].fallback;
    if (text)
        json_kstr(&r->w, "description", str_c(text));
    json_obj_end(&r->w);
}

/* Runs one call onto the writer; returns its error (0 fine) or < 0. What a failed method had written is taken back. */
static int run(struct request *r, struct str name, json_t *args, size_t *json_at)
{
    struct jmap_call c = {.t = r->t, .person = r->person, .arena = &r->arena, .args = args, .w = &r->w};
    const struct jmap_method *m = find_method(r, name);
    int err = m ? jmap_resolve(&c, r->done, r->n_done) : JMAP_UNKNOWN_METHOD;
    json_arr(&r->w);
    struct json_w before = r->w;
    size_t at = r->out->n;
    if (err == 0) {
        json_str(&r->w, name);
        *json_at = r->out->n + 1; /* behind the comma */
        err = m->fn(&c);
    }
    if (err == 0)
        return 0;
    r->w = before;
    r->out->n = at;
    if (err > 0) {
        json_strz(&r->w, "error");
        put_error(r, err, c.why);
    }
    return err;
}

static int run_all(struct request *r)
{
    json_t *call;
    size_t i;
    json_array_foreach(r->calls, i, call)
    {
        struct str name = jmap_json_str(json_array_get(call, 0)), id = jmap_json_str(json_array_get(call, 2));
        size_t at = 0;
        int err = run(r, name, json_array_get(call, 1), &at);
        if (err < 0)
            return err;
        if (err == 0 && !r->out->err)
            r->done[r->n_done++] = (struct jmap_done){id, name, arena_str(&r->arena, str_from(buf_str(r->out), at))};
        json_str(&r->w, id);
        json_arr_end(&r->w);
    }
    return 0;
}

int jmap_request(struct txn *t, const struct jmap_person *p, struct str body, int *status, struct buf *out)
{
    struct request r = {.t = t, .person = p, .out = out};
    struct err e;
    *status = 200;
    r.root = json_read(body, &e);
    if (!r.root) {
        problem(out, status, "urn:ietf:params:jmap:error:notJSON", "The body is not I-JSON.", NULL);
        return 0;
    }
    arena_init(&r.arena, ARENA_NO_LIMIT);
    json_init(&r.w, out);
    int err = check(&r, status);
    if (err == 0) {
        json_obj(&r.w);
        json_keyz(&r.w, "methodResponses");
        json_arr(&r.w);
        err = run_all(&r);
        json_arr_end(&r.w);
        json_kstr(&r.w, "sessionState", STR("1"));
        json_obj_end(&r.w);
    }
    arena_free(&r.arena);
    json_decref(r.root);
    if (out->err && err >= 0) {
        buf_clear(out);
        problem(out, status, "urn:ietf:params:jmap:error:limit", "The answer would be too large. Ask for less at once.",
                "maxObjectsInGet");
    }
    return err < 0 ? err : 0;
}
