/* The API request over HTTP: pieces on the store's threads, decisions on the loop. */
#include "jmap/routes.h"
#include "core/err.h"
#include "core/log.h"
#include "jmap/job.h"

#include <stdlib.h>

struct api_job {
    struct jmap_ctx *ctx;
    struct http_server *server;
    uint64_t id;
    struct jmap_person person;
    struct cell *cell;
    struct jmap_run *run;
    struct buf out, health;
    bool wrote;
    size_t n_looks; /* answers of the dns role that are awaited */
    int64_t look_ms;
};

struct jmap_person jmap_person_of(const struct http_person *p)
{
    return (struct jmap_person){.cell = p->cell,
                                .org = p->org,
                                .account = p->account,
                                .address = p->address,
                                .name = p->name,
                                .may_write = (p->may & HTTP_MAY_WRITE) != 0,
                                .may_admin = (p->may & HTTP_MAY_ADMIN) != 0};
}

void jmap_refuse(struct http_server *s, uint64_t id)
{
    http_reply_error(s, id, 503, "unavailable",
                     "La posta non è leggibile in questo momento: nulla è andato perso, riprovate tra poco.",
                     "Mail cannot be read just now: nothing is lost, try again shortly.");
}

void jmap_gone(struct http_server *s, uint64_t id)
{
    http_reply_error(s, id, 404, "notFound", "Questo file non esiste, o non può essere scaricato.",
                     "There is no such file, or it may not be downloaded.");
}

/* ---- session ---- */

struct session_job {
    struct http_server *server;
    uint64_t id;
    struct jmap_person person;
    struct str base;
    uint64_t body_max;
    int found;
};

static int load_person(struct txn *t, void *arg)
{
    struct session_job *j = arg;
    j->found = jmap_person_load(t, &j->person);
    return j->found < 0 ? j->found : 0;
}

static void on_person(void *arg, enum cell_outcome outcome, int code)
{
    struct session_job *j = arg;
    struct buf b;
    (void)code;
    if (outcome != CELL_DURABLE || j->found != 0) {
        jmap_refuse(j->server, j->id);
        return;
    }
    buf_init(&b, 65536);
    jmap_session(&j->person, j->base, j->body_max, &b);
    http_reply_json(j->server, j->id, 200, &b);
}

static void get_session(struct http_req *r, void *ctx)
{
    const struct jmap_ctx *c = ctx;
    struct session_job *j = arena_new(r->arena, struct session_job);
    struct cell *cell;
    *j = (struct session_job){r->server, r->id, jmap_person_of(r->person), r->base, c->body_max, 0};
    if (store_cell(c->store, j->person.cell, &cell, NULL) != 0 || cell_read(cell, load_person, j, on_person) != 0)
        jmap_refuse(r->server, r->id);
}

/* RFC 8620 2.2: the well-known address leads to the session. */
static void get_well_known(struct http_req *r, void *ctx)
{
    (void)ctx;
    struct http_answer a = {.status = 307, .headers = STR("Location: /jmap/session\r\n")};
    http_reply(r->server, r->id, &a);
}

/* ---- how many at once ---- */

static uint64_t key_of(const struct jmap_person *p)
{
    return ((uint64_t)p->org << 32 ^ (uint64_t)p->account) | 1ULL << 63;
}

bool jmap_enter(struct jmap_ctx *c, const struct jmap_person *p, size_t most)
{
    if (!c->begun) {
        imap_init(&c->requests);
        c->begun = true;
    }
    uintptr_t n = (uintptr_t)imap_get(&c->requests, key_of(p));
    if (n >= most)
        return false;
    imap_put(&c->requests, key_of(p), (void *)(n + 1));
    return true;
}

void jmap_leave(struct jmap_ctx *c, const struct jmap_person *p)
{
    uintptr_t n = (uintptr_t)imap_get(&c->requests, key_of(p));
    if (n > 1)
        imap_put(&c->requests, key_of(p), (void *)(n - 1));
    else
        imap_del(&c->requests, key_of(p));
}

void jmap_too_many(struct http_req *r, const char *limit)
{
    struct http_answer a = {.status = 400, .type = "application/problem+json"};
    buf_init(&a.body, 1024);
    buf_printf(&a.body,
               "{\"type\":\"urn:ietf:params:jmap:error:limit\",\"status\":400,\"limit\":\"%s\","
               "\"detail\":\"Too many requests of this account at once. Wait for their answers.\"}",
               limit);
    http_reply(r->server, r->id, &a);
}

/* ---- the request ---- */

static void go_on(struct api_job *j);

static void finish(struct api_job *j, bool readable)
{
    int status = jmap_run_status(j->run);
    jmap_leave(j->ctx, &j->person);
    if (j->wrote && j->ctx->changed)
        j->ctx->changed(j->ctx->changed_ctx, j->person.cell, j->person.org, j->person.account);
    const int64_t *gone;
    size_t n = jmap_run_logged_out(j->run, &gone);
    for (size_t i = 0; i < n && j->ctx->log_out; i++)
        j->ctx->log_out(j->ctx->log_out_ctx, j->person.org, gone[i]);
    jmap_run_free(&j->run);
    buf_free(&j->health);
    if (!readable) {
        buf_free(&j->out);
        jmap_refuse(j->server, j->id);
        return;
    }
    struct http_answer a = {
        .status = status, .type = status == 200 ? "application/json" : "application/problem+json", .body = j->out};
    buf_init(&j->out, 0);
    http_reply(j->server, j->id, &a);
}

static void on_read(void *arg, enum cell_outcome outcome, int code)
{
    struct api_job *j = arg;
    if (outcome != CELL_DURABLE) {
        log_warn("jmap.read", L_I("org", j->person.org), L_I("account", j->person.account),
                 L_Z("code", err_name(code)));
        finish(j, false);
        return;
    }
    go_on(j);
}

static void on_written(void *arg, enum cell_outcome outcome, int code)
{
    struct api_job *j = arg;
    j->wrote = j->wrote || outcome != CELL_REFUSED;
    jmap_run_wrote(j->run, outcome, code);
    go_on(j);
}

/* done gets what fn got: the job, not the run. */
static int read_step(struct txn *t, void *arg) { return jmap_run_read(t, ((struct api_job *)arg)->run); }
static int write_step(struct txn *t, void *arg) { return jmap_run_write(t, ((struct api_job *)arg)->run); }

/* ---- domain names ---- */

struct look_ticket {
    struct api_job *job;
    size_t i;
};

static int64_t now_ms(const struct api_job *j) { return env_mono_ms(store_env(j->ctx->store)); }

static void look_end(struct api_job *j)
{
    if (--j->n_looks > 0)
        return;
    jmap_run_look_done(j->run, now_ms(j) - j->look_ms);
    go_on(j);
}

static void on_looked(void *ticket, enum jmap_look_status status, const struct str *text, size_t n)
{
    struct look_ticket *t = ticket;
    struct api_job *j = t->job;
    jmap_run_looked(j->run, t->i, status, text, n);
    free(t);
    look_end(j);
}

static void look(struct api_job *j)
{
    const struct str *names;
    size_t n = jmap_run_looks(j->run, &names);
    j->look_ms = now_ms(j);
    j->n_looks = n + 1; /* answers may come from inside */
    for (size_t i = 0; i < n; i++) {
        struct look_ticket *t = malloc(sizeof *t);
        if (!t)
            abort();
        *t = (struct look_ticket){j, i};
        if (j->ctx->txt)
            j->ctx->txt(j->ctx->txt_ctx, names[i], on_looked, t);
        else
            on_looked(t, JMAP_LOOK_NO_ANSWER, NULL, 0);
    }
    look_end(j);
}

static void go_on(struct api_job *j)
{
    struct blob_draft *const *drafts;
    size_t n;
    switch (jmap_run_next(j->run)) {
    case JMAP_NEXT_DONE: finish(j, true); return;
    case JMAP_NEXT_READ:
        if (cell_read(j->cell, read_step, j, on_read) != 0)
            finish(j, false);
        return;
    case JMAP_NEXT_LOOK: look(j); return;
    case JMAP_NEXT_WRITE:
        drafts = jmap_run_drafts(j->run, &n);
        int err = cell_write(j->cell, write_step, j, drafts, n, on_written);
        if (err == 0)
            return;
        jmap_run_wrote(j->run, CELL_REFUSED, err);
        go_on(j);
    }
}

static void post_api(struct http_req *r, void *ctx)
{
    struct jmap_ctx *c = ctx;
    struct str body;
    struct api_job *j = arena_new(r->arena, struct api_job);
    *j = (struct api_job){.ctx = c, .server = r->server, .id = r->id, .person = jmap_person_of(r->person)};
    if (!jmap_enter(c, &j->person, JMAP_REQUESTS_MAX)) {
        jmap_too_many(r, "maxConcurrentRequests");
        return;
    }
    buf_init(&j->out, JMAP_ANSWER_MAX);
    buf_init(&j->health, 1u << 20);
    if (http_body(r, &body) != 0 || store_cell(c->store, j->person.cell, &j->cell, NULL) != 0) {
        jmap_leave(c, &j->person);
        jmap_refuse(r->server, r->id);
        return;
    }
    j->run = jmap_run_new(c, &j->person, body, &j->out);
    /* The picture of the processes belongs to the loop thread: taken along where a call may ask for it. */
    if (c->health && str_find(body, STR("Health/"), 0) >= 0) {
        c->health(c->health_ctx, &j->health);
        jmap_run_health(j->run, buf_str(&j->health));
    }
    go_on(j);
}

static const struct http_why too_large = {
    .code = "urn:ietf:params:jmap:error:limit",
    .it = "La richiesta è più grande di maxSizeRequest: chiedete meno in una volta.",
    .en = "The request is larger than maxSizeRequest: ask for less at once.",
    .limit = "maxSizeRequest",
    .status = 400};
static const struct http_why not_json = {.code = "urn:ietf:params:jmap:error:notJSON",
                                         .it = "Il corpo deve essere application/json.",
                                         .en = "The body must be application/json.",
                                         .status = 400};

const struct http_route jmap_routes[] = {
    {HTTP_GET, {"/.well-known/jmap", 17}, 0, 0, get_well_known},
    {HTTP_GET, {"/jmap/session", 13}, 0, 0, get_session},
    {HTTP_POST, {"/jmap/api", 9}, HTTP_JSON | HTTP_CALL, JMAP_REQUEST_MAX, post_api, &too_large, &not_json},
    {HTTP_POST, {"/jmap", 5}, HTTP_JSON | HTTP_CALL, JMAP_REQUEST_MAX, post_api, &too_large, &not_json},
    {HTTP_GET, {"/download/", 10}, HTTP_PREFIX | HTTP_TRANSFER, 0, jmap_download},
    {HTTP_POST, {"/upload/", 8}, HTTP_PREFIX | HTTP_RAW | HTTP_TRANSFER, JMAP_UPLOAD_MAX, jmap_upload},
};
const size_t jmap_n_routes = N_ELEMENTS(jmap_routes);
