/* MAIL FROM:<reverse-path> (RFC 5321 4.1.1.2; SIZE RFC 1870, 8BITMIME RFC 6152, SMTPUTF8 RFC 6531). */
#include "smtp/session.h"
#include "smtp/line.h"
#include "mime/path.h"
#include <stdlib.h>

struct mail_params {
    bool smtputf8, eight_bit;
    uint64_t size;
};

/* 0 or the reply. */
static int read_params(struct smtp_session *s, struct str text, struct mail_params *out)
{
    struct smtp_param v[SMTP_PARAMS_MAX];
    int n = smtp_params(text, v, SMTP_PARAMS_MAX);
    if (n < 0 || (n > 0 && !s->esmtp))
        return REPLY_BAD_PARAM;
    for (int i = 0; i < n; i++) {
        if (str_ieq(v[i].key, STR("SIZE"))) {
            if (!str_u64(v[i].value, &out->size))
                return REPLY_BAD_PARAM;
        } else if (str_ieq(v[i].key, STR("BODY"))) {
            out->eight_bit = str_ieq(v[i].value, STR("8BITMIME"));
            if (!out->eight_bit && !str_ieq(v[i].value, STR("7BIT")))
                return REPLY_BAD_PARAM;
        } else if (str_ieq(v[i].key, STR("SMTPUTF8"))) {
            if (v[i].value.p)
                return REPLY_BAD_PARAM;
            out->smtputf8 = true;
        } else {
            return REPLY_PARAM_UNKNOWN;
        }
    }
    return out->size > s->server->conf.max_size ? REPLY_TOO_LARGE : 0;
}

static struct smtp_txn *txn_new(struct smtp_session *s)
{
    struct smtp_txn *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    arena_init(&t->arena, SMTP_TXN_ARENA);
    t->server = s->server;
    t->session = s;
    intake_spool_init(&t->spool, s->server->conf.spool_dir, s->server->conf.max_size);
    return t;
}

static int path_reply(enum mime_path_result r)
{
    switch (r) {
    case MIME_PATH_OK: return 0;
    case MIME_PATH_ROUTE: return REPLY_BAD_ROUTE;
    case MIME_PATH_8BIT: return REPLY_UTF8_SENDER;
    case MIME_PATH_SYNTAX:
    case MIME_PATH_LONG: break;
    }
    return REPLY_BAD_SENDER;
}

/* The parameters decide how the path is read (SMTPUTF8), but stand behind it: read with UTF-8 allowed first, judged
 * after. 0 or the reply. */
static int read_sender(struct smtp_session *s, struct smtp_txn *t, struct str text)
{
    struct mime_path path;
    struct str rest;
    enum mime_path_result r = mime_path_parse(&t->arena, NULL, text, MIME_PATH_NULL | MIME_PATH_UTF8, &path, &rest);
    if (r != MIME_PATH_OK)
        return path_reply(r);
    if (rest.n > 0 && rest.p[0] != ' ')
        return REPLY_MAIL_SYNTAX;
    struct mail_params p = {0};
    int refused = read_params(s, rest, &p);
    if (refused)
        return refused;
    if (!p.smtputf8) {
        r = mime_path_parse(&t->arena, NULL, text, MIME_PATH_NULL, &path, &rest);
        if (r != MIME_PATH_OK)
            return path_reply(r);
    }
    t->in.reverse_path = path.null ? STR("") : mime_addr_key(&t->arena, &path.addr);
    t->declared = p.size;
    t->in.smtputf8 = p.smtputf8;
    t->in.eight_bit = p.eight_bit;
    return 0;
}

void smtp_cmd_mail(struct smtp_session *s, struct str args)
{
    const struct smtp_conf *c = &s->server->conf;
    if (s->state != SMTP_READY) {
        smtp_say_bad(s, s->state == SMTP_CHUNKED ? REPLY_IN_CHUNKS : REPLY_MAIL_TWICE);
        return;
    }
    if (++s->mails > c->max_transactions) { /* RFC 9422 4.1: MAILMAX counts MAIL commands */
        smtp_say_last(s, REPLY_TOO_MANY_MAILS);
        return;
    }
    if (!str_istarts(args, STR("FROM:"))) {
        smtp_say_bad(s, REPLY_MAIL_SYNTAX);
        return;
    }
    struct smtp_txn *t = txn_new(s);
    /* "FROM: <a@b>" is outside the grammar, common, and has one reading. */
    int refused = read_sender(s, t, str_trim(str_from(args, 5)));
    if (refused) {
        smtp_txn_free(t);
        smtp_say_bad(s, (enum smtp_reply_id)refused);
        return;
    }
    s->txn = t;
    if (!smtp_network_take(s, SMTP_LIMIT_MESSAGES, c->network_messages, SMTP_MINUTE_US)) {
        smtp_say(s, REPLY_NETWORK_RATE);
        smtp_txn_free(STEAL(s->txn));
        return;
    }
    smtp_set_state(s, SMTP_MAIL);
    smtp_say(s, REPLY_OK_SENDER);
}
