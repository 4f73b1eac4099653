#pragma once
/* For tests and fuzz targets: one message to decoded facts, and messages around a file. */
#include "extract/extract.h"

struct extract_result {
    struct arena arena;
    struct facts_structure s;
    struct facts_insight in;
    int code; /* of extract_message, or of decoding: then the facts are empty */
};
static inline void extract_run(struct extract_ctx *ctx, struct str raw, struct extract_result *r)
{
    struct buf s, in;
    buf_init(&s, FACTS_ENCODED_MAX);
    buf_init(&in, FACTS_ENCODED_MAX);
    *r = (struct extract_result){.code = 0};
    arena_init(&r->arena, ARENA_NO_LIMIT);
    r->code = extract_message(ctx, raw, &s, &in);
    if (r->code == 0)
        r->code = facts_structure_get(&r->arena, buf_str(&s), raw.n, &r->s);
    if (r->code == 0)
        r->code = facts_insight_get(&r->arena, buf_str(&in), &r->in);
    buf_free(&s);
    buf_free(&in);
}

/* A mail with one attachment, its bytes as they are; body is the text before it. */
static inline void extract_mail_around(struct buf *b, const char *name, struct str bytes, const char *body)
{
    buf_printf(
        b,
        "From: anna@rossimarmi.example\r\nContent-Type: multipart/mixed; boundary=Zz9-border\r\n\r\n--Zz9-border\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n--Zz9-border\r\nContent-Type: "
        "application/octet-stream\r\n"
        "Content-Disposition: attachment; filename=\"%s\"\r\nContent-Transfer-Encoding: binary\r\n\r\n",
        body, name);
    buf_adds(b, bytes);
    buf_addz(b, "\r\n--Zz9-border--\r\n");
}

static inline const struct facts_payment *extract_coordinate(const struct extract_result *r, enum facts_coordinate kind,
                                                             const char *value)
{
    for (size_t i = 0; i < r->in.n_payments; i++)
        if (r->in.payments[i].kind == kind && str_eq(r->in.payments[i].value, str_c(value)))
            return &r->in.payments[i];
    return NULL;
}
