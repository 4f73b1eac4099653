/* The API request (RFC 8620 3.3-3.6): read, resolve references, run each method, collect answers. */
#include "core/err.h"
#include "core/log.h"
#include "jmap/method.h"
#include "jmap/routes.h"

#include <stdlib.h>

static const struct {
    const char *type, *fallback;
} errors[JMAP_ERRORS] = {
    [JMAP_UNKNOWN_METHOD] = {"unknownMethod", NULL},
    [JMAP_INVALID_ARGUMENTS] = {"invalidArguments", NULL},
    [JMAP_INVALID_RESULT_REFERENCE] = {"invalidResultReference", NULL},
    [JMAP_ACCOUNT_NOT_FOUND] = {"accountNotFound", NULL},
    [JMAP_FORBIDDEN] = {"forbidden", "This log-in may not do that."},
    [JMAP_REQUEST_TOO_LARGE] = {"requestTooLarge", "Ask for fewer objects at once."},
    [JMAP_CANNOT_CALCULATE_CHANGES] = {"cannotCalculateChanges", "Fetch everything again; nothing is lost."},
    [JMAP_TOO_MANY_CHANGES] = {"tooManyChanges", "Fetch the list again."},
    [JMAP_UNSUPPORTED_FILTER] = {"unsupportedFilter", NULL},
    [JMAP_UNSUPPORTED_SORT] = {"unsupportedSort", NULL},
    [JMAP_ANCHOR_NOT_FOUND] = {"anchorNotFound", NULL},
    [JMAP_STATE_MISMATCH] = {"stateMismatch", "Something changed meanwhile. Nothing was done."},
    [JMAP_FROM_ACCOUNT_NOT_FOUND] = {"fromAccountNotFound", NULL},
    [JMAP_SERVER_UNAVAILABLE] = {"serverUnavailable", "Nothing was changed. Try again shortly."},
    [JMAP_SERVER_FAIL] = {"serverFail", "Nothing was changed. Try again."},
    [JMAP_SERVER_PARTIAL_FAIL] = {"serverPartialFail", "A part may have been done. Fetch the state again."},
};

struct jmap_run {
    struct jmap_person person;
    struct arena arena;
    struct json_w w;
    struct buf *out;
    struct str body;
    json_t *root, *using, *calls;
    struct jmap_done done[JMAP_CALLS_MAX];
    size_t n_done;
    struct jmap_created *created; /* newest first wins */
    size_t n_created, cap_created;
    size_t at; /* call that runs */
    int status;
    enum jmap_next next;
    int64_t began_ms; /* 0: not yet */
    /* the writing call at `at`, when in_call */
    bool in_call;
    struct jmap_call call;
    size_t step;
    int failed; /* error of the method */
    struct str health;
    struct str look_name[JMAP_LOOKS_MAX];
    struct jmap_look look[JMAP_LOOKS_MAX];
    size_t n_look;
    bool looked;      /* the call at `at` may run once more */
    int64_t *log_out; /* accounts */
    size_t n_log_out, cap_log_out;
    /* where the running read began: it may be run again */
    struct {
        struct json_w w;
        size_t out_n, n_done, at, n_created;
        bool looked;
    } mark;
};

static void problem(struct jmap_run *r, const char *type, const char *detail, const char *limit)
{
    struct json_w w;
    buf_clear(r->out);
    json_init(&w, r->out);
    r->status = 400;
    r->next = JMAP_NEXT_DONE;
    json_obj(&w);
    json_kstr(&w, "type", arena_printf(&r->arena, "urn:ietf:params:jmap:error:%s", type));
    json_kint(&w, "status", 400);
    json_kstr(&w, "detail", str_c(detail));
    if (limit)
        json_kstr(&w, "limit", str_c(limit));
    json_obj_end(&w);
}

static bool known_capability(struct str s)
{
    for (size_t i = 0; jmap_capabilities[i]; i++)
        if (str_eq(s, str_c(jmap_capabilities[i])))
            return true;
    return false;
}

static bool is_call(const json_t *u)
{
    return json_is_array(u) && json_array_size(u) == 3 && json_is_string(json_array_get(u, 0)) &&
           json_is_object(json_array_get(u, 1)) && json_is_string(json_array_get(u, 2));
}

/* createdIds as the client gave them (RFC 8620 3.3). */
static bool read_created(struct jmap_run *r)
{
    json_t *given = json_object_get(r->root, "createdIds"), *value;
    const char *key;
    if (!given || json_is_null(given))
        return true;
    if (!json_is_object(given) || json_object_size(given) > JMAP_SET_MAX)
        return false;
    json_object_foreach(given, key, value)
    {
        if (!json_is_string(value))
            return false;
        struct jmap_call c = {.run = r, .arena = &r->arena};
        jmap_run_created(&c, str_c(key), jmap_json_str(value));
    }
    return true;
}

/* Shape of the whole request; 0 or a problem was written. */
static int check(struct jmap_run *r)
{
    json_t *u;
    size_t i;
    r->using = json_object_get(r->root, "using");
    r->calls = json_object_get(r->root, "methodCalls");
    if (!json_is_array(r->using) || !json_is_array(r->calls) || !read_created(r)) {
        problem(r, "notRequest", "The body is JSON but not a JMAP request.", NULL);
        return 1;
    }
    if (json_array_size(r->calls) > JMAP_CALLS_MAX) {
        problem(r, "limit", "Too many method calls in one request.", "maxCallsInRequest");
        return 1;
    }
    json_array_foreach(r->using, i, u)
    {
        if (!json_is_string(u)) {
            problem(r, "notRequest", "\"using\" is not a list of names.", NULL);
            return 1;
        }
        if (!known_capability(jmap_json_str(u))) {
            problem(r, "unknownCapability", "A capability in \"using\" is not offered here.", NULL);
            return 1;
        }
    }
    json_array_foreach(r->calls, i, u)
    {
        if (!is_call(u)) {
            problem(r, "notRequest", "A method call is not [name, arguments, id].", NULL);
            return 1;
        }
    }
    return 0;
}

static const struct jmap_method *find_method(const struct jmap_run *r, struct str name)
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

/* ---- one call ---- */

static struct str call_name(const struct jmap_run *r)
{
    return jmap_json_str(json_array_get(json_array_get(r->calls, r->at), 0));
}

static void put_error(struct jmap_run *r, int error, const char *why)
{
    json_strz(&r->w, "error");
    json_obj(&r->w);
    json_kstr(&r->w, "type", str_c(errors[error].type));
    const char *text = why ? why : errors[error].fallback;
    if (text)
        json_kstr(&r->w, "description", str_c(text));
    json_obj_end(&r->w);
}

/* Runs fn, or an error when it is not 0, as the answer of the call at r->at. What a failed method had written is taken back. */
static int answer(struct jmap_run *r, int error, jmap_method_fn *fn)
{
    struct str name = call_name(r), id = jmap_json_str(json_array_get(json_array_get(r->calls, r->at), 2));
    struct json_w outside = r->w;
    size_t outside_n = r->out->n;
    json_arr(&r->w);
    struct json_w before = r->w;
    size_t at = r->out->n, json_at = 0;
    if (error == 0) {
        json_str(&r->w, name);
        json_at = r->out->n + 1; /* behind the comma */
        error = fn(&r->call);
    }
    if (error < 0 || error == JMAP_WRITES || error == JMAP_LOOKS) {
        r->w = outside;
        r->out->n = outside_n;
        return error;
    }
    if (error) {
        r->w = before;
        r->out->n = at;
        put_error(r, error, r->call.why);
    } else if (!r->out->err) {
        size_t n = r->out->n - json_at;
        struct str text =
            n <= JMAP_REFERENCE_ANSWER_MAX ? arena_str(&r->arena, str_n(r->out->p + json_at, n)) : STR("");
        json_decref(r->done[r->n_done].read); /* of an attempt that was run again */
        r->done[r->n_done++] = (struct jmap_done){.id = id, .name = name, .json = text};
    }
    json_str(&r->w, id);
    json_arr_end(&r->w);
    r->at++;
    return 0;
}

/* 0, JMAP_WRITES, JMAP_LOOKS, < 0. */
static int begin_call(struct jmap_run *r, struct txn *t)
{
    const struct jmap_method *m = find_method(r, call_name(r));
    struct jmap_call *c = &r->call;
    if (!r->looked)
        r->n_look = 0;
    *c = (struct jmap_call){.t = t,
                            .person = &r->person,
                            .ctx = c->ctx,
                            .arena = &r->arena,
                            .args = json_array_get(json_array_get(r->calls, r->at), 1),
                            .w = &r->w,
                            .health = r->health,
                            .looked = r->looked ? r->look : NULL,
                            .n_looked = r->looked ? r->n_look : 0,
                            .run = r};
    int err = m ? 0 : JMAP_UNKNOWN_METHOD;
    if (!err && env_mono_ms(t->env) - r->began_ms > JMAP_PATIENCE_MS)
        err = JMAP_SERVER_UNAVAILABLE;
    if (!err && m->who == JMAP_ADMIN && !r->person.admin)
        err = JMAP_FORBIDDEN;
    if (!err)
        err = jmap_resolve(c, r->done, r->n_done);
    return answer(r, err, m ? m->fn : NULL);
}

static int end_write(struct jmap_run *r, struct txn *t)
{
    r->call.t = t;
    int err = answer(r, r->failed, r->call.write.finish);
    r->in_call = err < 0;
    return err;
}

static void end_request(struct jmap_run *r)
{
    json_arr_end(&r->w);
    if (r->n_created && json_object_get(r->root, "createdIds")) {
        json_keyz(&r->w, "createdIds");
        json_obj(&r->w);
        for (size_t i = 0; i < r->n_created; i++) {
            bool later = false;
            for (size_t k = i + 1; k < r->n_created && !later; k++)
                later = str_eq(r->created[i].key, r->created[k].key);
            if (later)
                continue;
            json_key(&r->w, r->created[i].key);
            json_str(&r->w, r->created[i].id);
        }
        json_obj_end(&r->w);
    }
    json_kstr(&r->w, "sessionState", jmap_session_state(&r->person));
    json_obj_end(&r->w);
    r->next = JMAP_NEXT_DONE;
    if (r->out->err)
        problem(r, "limit", "The answer would be too large. Ask for less at once.", "maxObjectsInGet");
}

static int begin_request(struct jmap_run *r, struct txn *t)
{
    struct err e;
    int err;
    r->began_ms = env_mono_ms(t->env);
    if (!r->root)
        r->root = json_read(r->body, &e);
    if (!r->root) {
        problem(r, "notJSON", "The body is not I-JSON.", NULL);
        return 0;
    }
    if (check(r))
        return 0;
    if (t->db && (err = jmap_person_load(t, &r->person)) != 0) {
        if (err < 0) {
            r->began_ms = 0;
            return err;
        }
        problem(r, "forbidden", "This account is not active.", NULL);
        r->status = 403;
        return 0;
    }
    json_init(&r->w, r->out);
    json_obj(&r->w);
    json_keyz(&r->w, "methodResponses");
    json_arr(&r->w);
    return 0;
}

static void mark_set(struct jmap_run *r)
{
    r->mark.w = r->w;
    r->mark.out_n = r->out->n;
    r->mark.n_done = r->n_done;
    r->mark.at = r->at;
    r->mark.n_created = r->n_created;
    r->mark.looked = r->looked;
}

int jmap_run_read(struct txn *t, void *run)
{
    struct jmap_run *r = run;
    int err = 0;
    r->w = r->mark.w;
    r->out->n = r->mark.out_n;
    r->n_done = r->mark.n_done;
    r->at = r->mark.at;
    r->n_created = r->mark.n_created;
    r->looked = r->mark.looked;
    if (r->began_ms == 0 && ((err = begin_request(r, t)) != 0 || r->next == JMAP_NEXT_DONE))
        return err;
    if (r->in_call && (err = end_write(r, t)) < 0)
        return err;
    while (r->at < json_array_size(r->calls)) {
        err = begin_call(r, t);
        if (err < 0)
            return err;
        if (err == JMAP_LOOKS) {
            r->next = JMAP_NEXT_LOOK;
            mark_set(r);
            return 0;
        }
        r->looked = false;
        if (err == JMAP_WRITES && !r->person.may_write) {
            if ((err = answer(r, JMAP_FORBIDDEN, NULL)) < 0)
                return err;
            continue;
        }
        if (err == JMAP_WRITES) {
            r->in_call = true;
            r->step = 0;
            r->failed = 0;
            r->next = r->call.write.n_steps ? JMAP_NEXT_WRITE : JMAP_NEXT_READ;
            mark_set(r);
            return 0;
        }
    }
    end_request(r);
    return 0;
}

struct blob_draft *const *jmap_run_drafts(struct jmap_run *r, size_t *n)
{
    *n = 0;
    return r->call.write.drafts ? r->call.write.drafts(&r->call, r->step, n) : NULL;
}

int jmap_run_write(struct txn *t, void *run)
{
    struct jmap_run *r = run;
    r->call.t = t;
    return r->call.write.step(t, &r->call, r->step);
}

/* What a person can do about a write that failed. */
static const char *write_why(int code)
{
    return code == ERR_FULL       ? "The disk is full: nothing more can be kept."
           : code == ERR_READONLY ? "The store is read-only until the operator has checked it."
                                  : NULL;
}

void jmap_run_wrote(struct jmap_run *r, enum cell_outcome outcome, int code)
{
    r->call.t = NULL;
    r->next = JMAP_NEXT_READ;
    if (outcome == CELL_DURABLE) {
        const struct jmap_write *w = &r->call.write;
        if ((w->repeat && w->repeat(&r->call, r->step)) || ++r->step < w->n_steps)
            r->next = JMAP_NEXT_WRITE;
        return;
    }
    if (outcome == CELL_REFUSED && code > 0) {
        r->failed = r->call.write.refused ? r->call.write.refused(&r->call, r->step, code) : JMAP_SERVER_FAIL;
        if (!r->failed)
            r->next = JMAP_NEXT_WRITE;
        return;
    }
    r->call.why = write_why(code);
    r->failed = outcome == CELL_UNKNOWN || r->step > 0 ? JMAP_SERVER_PARTIAL_FAIL : JMAP_SERVER_FAIL;
    log_warn("jmap.write", L_I("org", r->person.org), L_I("account", r->person.account), L_Z("code", err_name(code)));
}

bool jmap_run_late(const struct jmap_call *c) { return env_mono_ms(c->t->env) - c->run->began_ms > JMAP_PATIENCE_MS; }

/* ---- looking up ---- */

bool jmap_look(struct jmap_call *c, struct str name)
{
    struct jmap_run *r = c->run;
    if (r->looked || r->n_look == JMAP_LOOKS_MAX)
        return false;
    r->look_name[r->n_look++] = name;
    return true;
}

size_t jmap_run_looks(const struct jmap_run *r, const struct str **names)
{
    *names = r->look_name;
    return r->n_look;
}

void jmap_run_looked(struct jmap_run *r, size_t i, enum jmap_look_status status, const struct str *text, size_t n)
{
    struct str *copy = arena_array(&r->arena, struct str, n + 1);
    for (size_t k = 0; k < n; k++)
        copy[k] = arena_str(&r->arena, text[k]);
    r->look[i] = (struct jmap_look){r->look_name[i], status, copy, n};
}

void jmap_run_look_done(struct jmap_run *r, int64_t waited_ms)
{
    r->looked = r->mark.looked = true;
    r->began_ms += waited_ms;
    r->next = JMAP_NEXT_READ;
}

/* ---- created ids ---- */

void jmap_run_created(struct jmap_call *c, struct str key, struct str id)
{
    struct jmap_run *r = c->run;
    if (r->n_created == r->cap_created) {
        size_t cap = r->cap_created ? 2 * r->cap_created : 16;
        struct jmap_created *more = arena_array(&r->arena, struct jmap_created, cap);
        if (r->n_created)
            memcpy(more, r->created, r->n_created * sizeof *more);
        r->created = more;
        r->cap_created = cap;
    }
    r->created[r->n_created++] = (struct jmap_created){arena_str(&r->arena, key), arena_str(&r->arena, id)};
}

bool jmap_run_find_created(const struct jmap_call *c, struct str key, struct str *id)
{
    const struct jmap_run *r = c->run;
    for (size_t i = r->n_created; i-- > 0;)
        if (str_eq(r->created[i].key, key)) {
            *id = r->created[i].id;
            return true;
        }
    return false;
}

void jmap_run_log_out(struct jmap_call *c, int64_t account)
{
    struct jmap_run *r = c->run;
    if (r->n_log_out == r->cap_log_out) {
        size_t cap = r->cap_log_out ? 2 * r->cap_log_out : 8;
        int64_t *more = arena_array(&r->arena, int64_t, cap);
        if (r->n_log_out)
            memcpy(more, r->log_out, r->n_log_out * sizeof *more);
        r->log_out = more;
        r->cap_log_out = cap;
    }
    r->log_out[r->n_log_out++] = account;
}

size_t jmap_run_logged_out(const struct jmap_run *r, const int64_t **accounts)
{
    *accounts = r->log_out;
    return r->n_log_out;
}

/* ---- life ---- */

struct jmap_run *jmap_run_new(struct jmap_ctx *ctx, const struct jmap_person *p, struct str body, struct buf *out)
{
    struct jmap_run *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    arena_init(&r->arena, ARENA_NO_LIMIT);
    r->person = *p;
    r->call.ctx = ctx;
    r->body = body;
    r->out = out;
    r->status = 200;
    json_init(&r->w, out);
    mark_set(r);
    return r;
}

void jmap_run_free(struct jmap_run **rp)
{
    struct jmap_run *r = STEAL(*rp);
    if (!r)
        return;
    for (size_t i = 0; i < JMAP_CALLS_MAX; i++)
        json_decref(r->done[i].read);
    json_decref(r->root);
    arena_free(&r->arena);
    free(r);
}

enum jmap_next jmap_run_next(const struct jmap_run *r) { return r->next; }
int jmap_run_status(const struct jmap_run *r) { return r->status; }
void jmap_run_health(struct jmap_run *r, struct str json) { r->health = json; }

struct waited {
    struct jmap_run *run;
    size_t i;
};

static void on_waited(void *arg, enum jmap_look_status status, const struct str *text, size_t n)
{
    const struct waited *w = arg;
    jmap_run_looked(w->run, w->i, status, text, n);
}

/* Without a loop: ctx->txt must answer from inside. */
static void look_wait(struct jmap_run *r)
{
    const struct jmap_ctx *x = r->call.ctx;
    for (size_t i = 0; i < r->n_look; i++) {
        struct waited w = {r, i};
        if (x && x->txt)
            x->txt(x->txt_ctx, r->look_name[i], on_waited, &w);
        else
            on_waited(&w, JMAP_LOOK_NO_ANSWER, NULL, 0);
    }
    jmap_run_look_done(r, 0);
}

int jmap_run_wait(struct cell *c, struct jmap_run *r)
{
    while (r->next != JMAP_NEXT_DONE) {
        if (r->next == JMAP_NEXT_LOOK) {
            look_wait(r);
            continue;
        }
        if (r->next == JMAP_NEXT_READ) {
            int err = cell_read_wait(c, jmap_run_read, r);
            if (err)
                return err < 0 ? err : ERR_INVALID;
            continue;
        }
        size_t n;
        int code = 0;
        struct blob_draft *const *drafts = jmap_run_drafts(r, &n);
        enum cell_outcome o = (enum cell_outcome)cell_write_wait(c, jmap_run_write, r, drafts, n, &code);
        jmap_run_wrote(r, o, code);
    }
    return 0;
}
