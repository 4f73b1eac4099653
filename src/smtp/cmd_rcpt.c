/* RCPT TO:<forward-path> (RFC 5321 4.1.1.3). Recipients of one firm per transaction; unknown ones are refused here and
 * never bounced later. */
#include "smtp/session.h"
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
        *key = arena_printf(&t->arena, "postmaster@%.*s", STRF(s->server->conf.hostname));
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

/* 0 (accepted) or the reply. */
static int look_up(struct smtp_session *s, struct str key)
{
    struct smtp_txn *t = s->txn;
    const struct smtp_road *road = &s->server->conf.road;
    struct intake_rcpt r = {.address = key};
    int found = road->rcpt(road->ctx, key, &r);
    if (found < 0) {
        log_warn("smtp.directory", L_I("code", found), L_S("recipient", key));
        return REPLY_DIRECTORY;
    }
    switch (found) {
    case 0: break;
    case INTAKE_UNKNOWN: return REPLY_UNKNOWN_RCPT;
    case INTAKE_DISK_LOW: return REPLY_DISK_LOW;
    case INTAKE_DISABLED: return REPLY_DISABLED_RCPT;
    default: return REPLY_DIRECTORY;
    }
    r.address = key;
    if (t->in.n_rcpt > 0 && (t->rcpt[0].at.org != r.at.org || t->rcpt[0].at.cell != r.at.cell))
        return REPLY_OTHER_FIRM;
    add_rcpt(t, &r);
    return 0;
}

static void refuse(struct smtp_session *s, int reply)
{
    s->txn->refused_rcpt = true;
    switch (reply) {
    case REPLY_DIRECTORY:
    case REPLY_DISK_LOW:
    case REPLY_OTHER_FIRM:
    case REPLY_MANY_RCPT: smtp_say(s, (enum smtp_reply_id)reply); return; /* not the peer's fault */
    case REPLY_UNKNOWN_RCPT:
        s->server->counts.refused++;
        if (++s->unknown_rcpt > SMTP_UNKNOWN_RCPT_MAX)
            smtp_say_last(s, REPLY_TOO_MANY_UNKNOWN);
        else
            smtp_say(s, REPLY_UNKNOWN_RCPT);
        return;
    default: smtp_say_bad(s, (enum smtp_reply_id)reply);
    }
}

void smtp_cmd_rcpt(struct smtp_session *s, struct str args)
{
    if (s->state != SMTP_MAIL && s->state != SMTP_RCPT) {
        smtp_say_bad(s, REPLY_MAIL_FIRST);
        return;
    }
    if (!str_istarts(args, STR("TO:"))) {
        smtp_say_bad(s, REPLY_RCPT_SYNTAX);
        return;
    }
    struct smtp_txn *t = s->txn;
    struct arena_mark mark = arena_mark(&t->arena);
    struct str key = STR_NULL;
    int reply = (int64_t)t->in.n_rcpt >= s->server->conf.max_rcpt ? REPLY_MANY_RCPT
                                                                  : read_rcpt(s, str_trim(str_from(args, 3)), &key);
    if (!reply && !has_rcpt(t, key)) /* the same mailbox twice is delivered once */
        reply = look_up(s, key);
    if (reply) {
        arena_reset(
            &t->arena,
            mark); /* refused recipients leave nothing behind: the number of tries is not bounded by the arena */
        refuse(s, reply);
        return;
    }
    if (s->state == SMTP_MAIL)
        smtp_set_state(s, SMTP_RCPT);
    smtp_say(s, REPLY_OK_RCPT);
}
