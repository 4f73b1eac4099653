/* From envelope and DATA to what is judged and what is stored. */
#include "intake/road.h"
#include "auth/authres.h"
#include "core/hash.h"
#include "intake/input.h"
#include "mime/date.h"
#include <openssl/evp.h>
#include <stdio.h>

/* Two-step hash of the transaction: DATA first, then who sent it to whom (design: resends are recognised). */
static bool resend_key(struct road *r, struct str data, struct str recipients)
{
    uint8_t inner[SHA256_LEN];
    AUTO(buf) struct buf b;
    buf_init(&b, ROAD_ARENA_MAX);
    if (!EVP_Digest(data.p, data.n, inner, NULL, EVP_sha256(), NULL))
        return false;
    buf_add(&b, inner, sizeof inner);
    buf_vstr(&b, r->reverse_path);
    buf_vstr(&b, recipients);
    return !b.err && EVP_Digest(b.p, b.n, r->accepted.key, NULL, EVP_sha256(), NULL);
}

static void make_id(struct road *r, struct str given)
{
    uint64_t random;
    if (given.n > 0 && given.n <= INTAKE_ID_MAX) {
        memcpy(r->id_text, given.p, given.n);
        r->drained = true;
        return;
    }
    char firm[ID_TEXT_MAX + 1], rest[ID_TEXT_MAX + 1];
    env_random(r->in->conf.env, &random, sizeof random);
    id_text(r->org, firm);
    id_text((int64_t)(random >> 1 | 1), rest);
    snprintf(r->id_text, sizeof r->id_text, "%s.%s", firm, rest);
}

/* RFC 5321 4.4. Text of the client is printable already: smtp/ refuses the rest. */
static struct str received(struct road *r, const struct intake_txn *t)
{
    struct arena *a = &r->arena;
    char date[MIME_DATE_TEXT_MAX];
    struct str when = mime_date_text(r->accepted.at_ms, 0, date);
    const char *with = t->smtputf8 ? (t->tls ? "UTF8SMTPS" : "UTF8SMTP")
                       : !t->esmtp ? "SMTP"
                       : t->tls    ? "ESMTPS"
                                   : "ESMTP";
    struct str rcpt = r->n_target == 1 ? arena_printf(a, "\r\n\tfor <%.*s>", STRF(r->target[0].address)) : STR("");
    return arena_printf(
        a, "Return-Path: <%.*s>\r\nReceived: from %.*s ([%s%.*s])\r\n\tby %.*s with %s id %s%.*s;\r\n\t%.*s\r\n",
        STRF(r->reverse_path), STRF(r->helo), str_chr(r->client, ':', 0) >= 0 ? "IPv6:" : "", STRF(r->client),
        STRF(r->in->conf.hostname), with, r->id_text, STRF(rcpt), STRF(when));
}

static struct str recipients(struct road *r, const struct intake_txn *t)
{
    AUTO(buf) struct buf all;
    buf_init(&all, INTAKE_RCPT_MAX * 330u);
    r->target = arena_array(&r->arena, struct intake_target, t->n_rcpt + 1);
    for (size_t i = 0; i < t->n_rcpt; i++) {
        bool twice = false;
        for (size_t k = 0; k < r->n_target && !twice; k++)
            twice = r->target[k].account == t->rcpt[i].at.account;
        if (twice)
            continue;
        r->target[r->n_target++] = (struct intake_target){t->rcpt[i].at.account, t->rcpt[i].at.cell,
                                                          arena_str(&r->arena, t->rcpt[i].address), 0};
        buf_addz(&all, all.n ? "," : "");
        buf_adds(&all, t->rcpt[i].address);
    }
    return arena_str(&r->arena, buf_str(&all));
}

void road_input(struct road *r)
{
    intake_input(&r->arena, str_from(r->bytes, r->data_at), &r->who, &r->input);
    if (!r->again) /* a stored message has its reverse-path in Return-Path */
        r->input.envelope = r->reverse_path;
    r->input.helo = r->helo;
    r->input.client = r->client;
    r->input.lists = r->in->lists;
    r->input.now_ms = r->accepted.at_ms;
}

int road_prepare(struct road *r, const struct intake_txn *t, struct str data, enum road_outcome *o)
{
    struct arena *a = &r->arena;
    r->client = arena_str(a, t->client);
    r->helo = arena_str(a, t->helo);
    r->reverse_path = arena_str(a, t->reverse_path);
    r->accepted.at_ms = env_wall_ms(r->in->conf.env);
    struct str rcpts = recipients(r, t);
    make_id(r, t->id);
    struct str head = received(r, t);
    r->front = r->in->conf.auth_kit ? AUTH_RESULTS_FIELD_MAX : 0;
    r->path_n = (size_t)str_chr(head, '\n', 0) + 1;
    a->limit += 2 * (uint64_t)data.n; /* its size was chosen by smtp.max_size, the limit is for what comes on top */
    r->front_at = arena_try(a, r->front + head.n + data.n + 1);
    *o = OUT_TROUBLE;
    if (!r->front_at || !resend_key(r, data, rcpts))
        return ERR_NOMEM;
    char *all = r->front_at + r->front;
    memcpy(all, head.p, head.n);
    r->bytes = str_n(all, head.n + auth_results_strip(data, r->in->conf.hostname, all + head.n));
    r->data_at = head.n;
    if (r->bytes.n < head.n + data.n) { /* forged fields were removed; signatures are over what came */
        char *whole = arena_try(a, data.n + 1);
        if (!whole)
            return ERR_NOMEM;
        memcpy(whole, data.p, data.n);
        r->received = str_n(whole, data.n);
    }
    mime_identity_read(a, r->in->charsets, str_from(r->bytes, r->data_at), &r->who);
    road_input(r);
    r->accepted.id = str_c(r->id_text);
    r->accepted.client = r->client;
    r->accepted.helo = r->helo;
    r->accepted.reverse_path = r->reverse_path;
    r->accepted.recipients = rcpts;
    r->accepted.size = (int64_t)r->bytes.n;
    *o = OUT_LOOP;
    return r->who.received > INTAKE_RECEIVED_MAX ? ERR_LIMIT : 0;
}

static enum mail_verdict verdict_row(enum guard_action a)
{
    /* Reject would need every recipient's firm policy to allow it; until a policy says so a person decides. */
    static const enum mail_verdict rows[] = {[GUARD_ACCEPT] = VERDICT_ACCEPT,
                                             [GUARD_ACT_CAUTION] = VERDICT_CAUTION,
                                             [GUARD_JUNK] = VERDICT_JUNK,
                                             [GUARD_HOLD] = VERDICT_HOLD,
                                             [GUARD_REJECT] = VERDICT_HOLD};
    return rows[a];
}

static void references_of(struct road *r, struct mail_draft *d)
{
    const struct mime_identity *who = &r->who;
    struct str *all = arena_array(&r->arena, struct str, who->n_references + who->n_in_reply_to + 1);
    for (size_t i = 0; i < who->n_references; i++)
        all[d->n_references++] = who->references[i];
    for (size_t i = 0; i < who->n_in_reply_to; i++) {
        bool there = false;
        for (size_t k = 0; k < d->n_references && !there; k++)
            there = str_eq(all[k], who->in_reply_to[i]);
        if (!there)
            all[d->n_references++] = who->in_reply_to[i];
    }
    d->references = all;
}

void road_draft(struct road *r)
{
    struct mail_draft *d = &r->draft;
    AUTO(buf) struct buf json;
    struct str structure = d->structure, insight = d->insight;
    buf_init(&json, FACTS_ENCODED_MAX);
    if (r->verdict.n_findings)
        guard_findings_json(&json, &r->verdict);
    *d = (struct mail_draft){
        .blob = &r->blob,
        .structure = structure,
        .insight = insight,
        .insight_version = FACTS_INSIGHT_VERSION,
        .message_id = r->who.message_id,
        .subject = r->who.subject,
        .subject_base = r->who.subject_base,
        .from = {r->who.from_state == MIME_FROM_OK ? r->who.from.name : STR(""),
                 r->who.from_state == MIME_FROM_OK ? r->who.from_key : r->who.from_text},
        .sent_ms = r->who.has_date ? r->who.date_ms : 0,
        .received_ms = r->accepted.at_ms,
        .preview = r->insight.preview,
        .has_attachment = r->insight.has_attachment,
        .verdict = verdict_row(r->verdict.action),
        .score_millinats = r->verdict.score,
        .findings = arena_str(&r->arena, buf_str(&json)),
        .accepted_id = str_c(r->id_text),
    };
    references_of(r, d);
    r->accepted.verdict = d->verdict;
}
