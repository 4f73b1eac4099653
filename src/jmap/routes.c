#include "jmap/routes.h"
#include "core/err.h"
#include "jmap/jmap.h"

struct api_job {
    struct http_server *server;
    uint64_t id;
    struct jmap_person person;
    struct str body;
    struct buf out;
    int status;
};

static struct jmap_person person_of(const struct http_person *p)
{
    return (struct jmap_person){p->cell, p->org, p->account, p->address, p->name};
}

static void get_session(struct http_req *r, void *ctx)
{
    (void)ctx;
    struct buf b;
    struct jmap_person p = person_of(r->person);
    buf_init(&b, 65536);
    jmap_session(&p, r->base, &b);
    http_reply_json(r->server, r->id, 200, &b);
}

/* RFC 8620 2.2: the well-known address leads to the session. */
static void get_well_known(struct http_req *r, void *ctx)
{
    (void)ctx;
    struct http_answer a = {.status = 307, .headers = STR("Location: /jmap/session\r\n")};
    http_reply(r->server, r->id, &a);
}

static int run_api(struct txn *t, void *arg)
{
    struct api_job *j = arg;
    buf_clear(&j->out);
    return jmap_request(t, &j->person, j->body, &j->status, &j->out);
}

static void refuse(struct http_server *s, uint64_t id)
{
    http_reply_error(s, id, 503, "unavailable",
                     "La posta non è leggibile in questo momento: nulla è andato perso, riprovate tra poco.",
                     "Mail cannot be read just now: nothing is lost, try again shortly.");
}

static void on_api(void *arg, enum cell_outcome outcome, int code)
{
    struct api_job *j = arg;
    (void)code;
    if (outcome == CELL_DURABLE) {
        http_reply_json(j->server, j->id, j->status, &j->out);
        return;
    }
    buf_free(&j->out);
    refuse(j->server, j->id);
}

static void post_api(struct http_req *r, void *ctx)
{
    const struct jmap_ctx *c = ctx;
    struct cell *cell;
    struct api_job *j = arena_new(r->arena, struct api_job);
    j->server = r->server;
    j->id = r->id;
    j->person = person_of(r->person);
    buf_init(&j->out, JMAP_ANSWER_MAX);
    if (http_body(r, &j->body) != 0 || store_cell(c->store, j->person.cell, &cell, NULL) != 0 ||
        cell_read(cell, run_api, j, on_api) != 0)
        refuse(r->server, r->id);
}

const struct http_route jmap_routes[] = {
    {HTTP_GET, {"/.well-known/jmap", 17}, 0, 0, get_well_known},
    {HTTP_GET, {"/jmap/session", 13}, 0, 0, get_session},
    {HTTP_POST, {"/jmap/api", 9}, HTTP_JSON, JMAP_REQUEST_MAX, post_api},
};
const size_t jmap_n_routes = N_ELEMENTS(jmap_routes);
