/* What is looked at in a message's header before it goes to intake: its size, and whether it was delivered here before. mime/ reads, and nobody else. */
#include "smtp/session.h"
#include "core/log.h"
#include "mime/address.h"
#include "mime/header.h"

#define DELIVERED_TO_MAX 20u /* fields looked at: each costs an address parse */

/* RFC 5321 6.3 by content: our own mark of an earlier delivery to this very recipient (a forwarding loop through another server, which may hide
 * from the count of Received). */
static bool delivered_before(struct smtp_txn *t, struct str value)
{
    struct mime_addrs list = {0};
    struct arena_mark mark = arena_mark(&t->arena);
    bool found = false;
    mime_addrs_parse(&t->arena, NULL, value, &list);
    for (size_t i = 0; i < list.n && !found; i++) {
        struct str key = mime_addr_key(&t->arena, &list.v[i]);
        for (size_t k = 0; k < t->in.n_rcpt && !found; k++)
            found = str_eq(key, t->rcpt[k].address);
    }
    arena_reset(&t->arena, mark);
    return found;
}

static void flag_odd(const struct smtp_session *s, const struct smtp_txn *t, unsigned flags)
{
    bool eight = (flags & MIME_H_8BIT) && !t->in.smtputf8, lf = (t->dot.seen | t->chunk.seen) & SMTP_DOT_BARE_LF;
    if (!eight && !lf && !(flags & (MIME_H_NUL | MIME_H_JUNK)))
        return;
    char ip[NET_PEER_TEXT];
    log_info("smtp.odd", L_S("client", net_peer_text(conn_peer(s->conn), ip)), L_S("from", t->in.reverse_path),
             L_I("header_8bit_without_smtputf8", eight), L_I("bare_lf_normalised", lf),
             L_I("header_nul", (flags & MIME_H_NUL) != 0), L_I("header_junk_line", (flags & MIME_H_JUNK) != 0));
}

int smtp_headers_check(struct smtp_session *s, struct str message)
{
    const struct smtp_conf *c = &s->server->conf;
    struct smtp_txn *t = s->txn;
    struct mime_header h;
    struct mime_field f;
    int64_t fields = 0;
    unsigned looked = 0;
    mime_header_init(&h, message);
    if ((h.flags & MIME_H_TRUNCATED) || (int64_t)h.block.n > c->max_header)
        return REPLY_HEADER_LARGE;
    while (mime_header_next(&h, &f)) {
        if (++fields > c->max_header_fields)
            return REPLY_HEADER_LARGE;
        if (looked < DELIVERED_TO_MAX && str_ieq(f.name, STR("Delivered-To"))) {
            looked++;
            if (delivered_before(t, str_upto(f.value, MIME_LINE_BYTES_MAX)))
                return REPLY_LOOP;
        }
    }
    if (h.flags & MIME_H_MANY)
        return REPLY_HEADER_LARGE;
    flag_odd(s, t, h.flags);
    return 0;
}
