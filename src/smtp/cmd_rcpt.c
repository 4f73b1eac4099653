/* RCPT TO:<forward-path> (RFC 5321 4.1.1.3). Recipients of one firm per transaction; unknown ones are refused here and
 * never bounced later. */
#include "smtp/session.h"
#include "smtp/line.h"
#include "core/log.h"
#include "mime/path.h"

#define RCPT_FIRST_CAP 8u

static int path_reply(enum mime_path_result r)
{
    switch (r) {
    case MIME_PATH_OK: return 0;
    case MIME_PATH_ROUTE: return REPLY_BAD_ROUTE;
    case MIME_PATH_8BIT: return REPLY_UTF8_RCPT;
    case MIME_PATH_SYNTAX:
    case MIME_PATH_LONG: break;
    }
    return REPLY_BAD_RCPT;
}

/* 0 and the canonical key, or the reply. */
static int read_rcpt(struct smtp_session *s, struct str text, struct str *key)
{
    struct smtp_txn *t = s->txn;
    struct mime_path path;
    struct str rest;
    unsigned allow = MIME_PATH_POSTMASTER | (t->in.smtputf8 ? MIME_PATH_UTF8 : 0u);
    enum mime_path_result r = mime_path_parse(&t->arena, NULL, text, allow, &path, &rest);
    if (r != MIME_PATH_OK)
        return path_reply(r);
    struct smtp_param v[SMTP_PARAMS_MAX];
    int n = rest.n > 0 && rest.p[0] != ' ' ? -1 : smtp_params(rest, v, SMTP_PARAMS_MAX);
    if (n != 0)
        return n < 0 ? REPLY_BAD_PARAM : REPLY_PARAM_UNKNOWN;
    if (path.addr.flags & MIME_ADDR_NO_DOMAIN)
        *key = STR("postmaster"); /* RFC 5321 4.5.1: intake knows who reads it */
    else
        *key = mime_addr_key(&t->arena, &path.addr);
    return 0;
}

static bool has_rcpt(const struct smtp_txn *t, struct str key)
{
    for (size_t i = 0; i < t->in.n_rcpt; i++)
        if (str_eq(t->rcpt[i].address, key))
            return true;
    return false;
}

static void add_rcpt(struct smtp_txn *t, const struct intake_rcpt *r)
{
    if (t->in.n_rcpt == t->rcpt_cap) {
        size_t cap = t->rcpt_cap ? t->rcpt_cap * 2 : RCPT_FIRST_CAP;
        struct intake_rcpt *v = arena_array(&t->arena, struct intake_rcpt, cap);
        if (t->in.n_rcpt)
            memcpy(v, t->rcpt, t->in.n_rcpt * sizeof *v);
        t->rcpt = v;
        t->rcpt_cap = cap;
    }
    t->rcpt[t->in.n_rcpt++] = *r;
    t->in.rcpt = t->rcpt;
}

static void on_grey_rows(void *ctx, int64_t org, const struct greylist_row *rows, size_t n)
{
    struct smtp_server *srv = ctx;
    for (size_t i = 0; i < n; i++)
        smtp_grey_put(&srv->grey,
                      &(struct smtp_grey_row){org, rows[i].key, rows[i].first_ms, rows[i].last_ms, rows[i].passed});
}

/* A firm's rows are read back with its first recipient after a start. Until they are there nobody of it is deferred: who is known already must not wait
 * because we were restarted. */
static bool deferred(struct smtp_session *s, const struct intake_rcpt *r)
{
    struct smtp_server *srv = s->server;
    const struct smtp_road *road = &srv->conf.road;
    char key[SMTP_NETWORK_KEY_MAX];
    if (!srv->grey.rows || s->exempt)
        return false;
    if (!imap_get(&srv->greyed, (uint64_t)r->at.org)) {
        imap_put(&srv->greyed, (uint64_t)r->at.org, srv);
        road->grey_load(road->ctx, r->at.cell, r->at.org, on_grey_rows, srv);
        return false;
    }
    return smtp_grey_ask(&srv->grey, r->at.cell, r->at.org, smtp_network_key(conn_peer(s->conn), key),
                         s->txn->in.reverse_path, r->address) > 0;
}

/* 0 (accepted) or the reply; *at: the firm it concerns, as far as known. */
static int look_up(struct smtp_session *s, struct str key, struct place_of *at)
{
    struct smtp_txn *t = s->txn;
    const struct smtp_road *road = &s->server->conf.road;
    struct intake_rcpt r = {.address = key};
    int found = road->rcpt(road->ctx, key, &r);
    *at = r.at;
    if (found < 0) {
        log_warn("smtp.directory", L_I("code", found), L_S("recipient", key));
        return REPLY_DIRECTORY;
    }
    switch (found) {
    case 0: break;
    case INTAKE_UNKNOWN: return REPLY_UNKNOWN_RCPT;
    case INTAKE_DISK_LOW: return REPLY_DISK_LOW;
    case INTAKE_DISABLED: return REPLY_DISABLED_RCPT;
    case INTAKE_FOREIGN: return REPLY_RELAY;
    default: return REPLY_DIRECTORY;
    }
    r.address = key;
    if (t->in.n_rcpt > 0 && (t->rcpt[0].at.org != r.at.org || t->rcpt[0].at.cell != r.at.cell))
        return REPLY_OTHER_FIRM;
    if (road->quota(road->ctx, &r, t->declared) != 0)
        return REPLY_QUOTA;
    if (deferred(s, &r))
        return REPLY_GREY;
    add_rcpt(t, &r);
    return 0;
}

/* Unknown and foreign recipients: harvesting and relay probing, counted for the session and its network. */
static void say_unknown(struct smtp_session *s, enum smtp_reply_id reply, const struct smtp_about *about)
{
    const struct smtp_conf *c = &s->server->conf;
    if (++s->unknown_rcpt > c->max_unknown ||
        !smtp_network_take(s, SMTP_LIMIT_UNKNOWN, c->network_unknown, SMTP_HOUR_US))
        smtp_say_last(s, REPLY_TOO_MANY_UNKNOWN);
    else
        smtp_say_slowly(s, reply, about);
}

static void refuse(struct smtp_session *s, int reply, struct str recipient, const struct place_of *at)
{
    struct smtp_about about = {recipient, at->cell, at->org};
    s->txn->refused_rcpt = true;
    switch (reply) {
    case REPLY_UNKNOWN_RCPT:
    case REPLY_RELAY: say_unknown(s, (enum smtp_reply_id)reply, &about); return;
    case REPLY_DIRECTORY: /* not the peer's fault */
    case REPLY_DISK_LOW:
    case REPLY_OTHER_FIRM:
    case REPLY_MANY_RCPT:
    case REPLY_QUOTA:
    case REPLY_GREY: smtp_say_about(s, (enum smtp_reply_id)reply, &about); return;
    default:
        if (++s->bad > s->server->conf.max_errors)
            smtp_say_last(s, REPLY_TOO_MANY_ERRORS);
        else
            smtp_say_slowly(s, (enum smtp_reply_id)reply, &about);
    }
}

void smtp_cmd_rcpt(struct smtp_session *s, struct str args)
{
    if (s->state != SMTP_MAIL && s->state != SMTP_RCPT) {
        smtp_say_bad(s, s->state == SMTP_CHUNKED ? REPLY_IN_CHUNKS : REPLY_MAIL_FIRST);
        return;
    }
    if (!str_istarts(args, STR("TO:"))) {
        smtp_say_bad(s, REPLY_RCPT_SYNTAX);
        return;
    }
    struct smtp_txn *t = s->txn;
    struct arena_mark mark = arena_mark(&t->arena);
    struct str text = str_trim(str_from(args, 3)), key = STR_NULL;
    struct place_of at = {0};
    int reply = (int64_t)t->in.n_rcpt >= s->server->conf.max_rcpt ? REPLY_MANY_RCPT : read_rcpt(s, text, &key);
    bool twice = !reply && has_rcpt(t, key); /* the same mailbox twice is delivered once */
    if (!reply && !twice)
        reply = look_up(s, key, &at);
    if (twice)
        arena_reset(&t->arena, mark);
    if (reply) {
        refuse(s, reply, key.p ? key : text, &at);
        /* Refused recipients leave nothing behind: the number of tries is not bounded by the arena. */
        if (s->txn)
            arena_reset(&t->arena, mark);
        return;
    }
    if (s->state == SMTP_MAIL)
        smtp_set_state(s, SMTP_RCPT);
    smtp_say(s, REPLY_OK_RCPT);
}
