#include "smtp/chunk.h"

enum chunk_state {
    CHUNK_BOL,    /* after a true CRLF, or at the start */
    CHUNK_MID,    /* inside a line */
    CHUNK_CR,     /* inside a line, CR held back */
    CHUNK_DOT,    /* a dot behind CRLF, emitted */
    CHUNK_DOT_CR, /* the same and a CR held back */
    CHUNK_LF_BOL, /* after a bare LF */
    CHUNK_LF_DOT,
    CHUNK_LF_DOT_CR
};

static const char crlf[] = "\r\n";

struct out {
    struct smtp_chunk *c;
    smtp_dot_emit *emit;
    void *ctx;
};

static void put(struct out *o, const char *p, const char *end)
{
    if (end > p && !(o->c->seen & SMTP_DOT_REFUSED))
        o->emit(o->ctx, str_n(p, (size_t)(end - p)));
}

/* A line end: CRLF goes out whatever came in. */
static void line_end(struct out *o, bool true_end)
{
    struct smtp_chunk *c = o->c;
    if (!true_end)
        c->seen |= SMTP_DOT_BARE_LF;
    bool dot = c->state == CHUNK_DOT || c->state == CHUNK_DOT_CR;
    bool lf_dot = c->state == CHUNK_LF_DOT || c->state == CHUNK_LF_DOT_CR;
    if ((dot && !true_end) || lf_dot)
        c->seen |= SMTP_DOT_SMUGGLE;
    put(o, crlf, crlf + 2);
    c->state = true_end ? CHUNK_BOL : CHUNK_LF_BOL;
}

static bool holds_cr(const struct smtp_chunk *c)
{
    return c->state == CHUNK_CR || c->state == CHUNK_DOT_CR || c->state == CHUNK_LF_DOT_CR;
}

/* One octet of a state other than MID. */
static void step(struct out *o, const char *p)
{
    struct smtp_chunk *c = o->c;
    if (holds_cr(c)) {
        if (*p == '\n') {
            line_end(o, true);
            return;
        }
        c->seen |= SMTP_DOT_BARE_CR;
        c->state = CHUNK_MID;
    }
    bool bol = c->state == CHUNK_BOL || c->state == CHUNK_LF_BOL;
    if (*p == '\n') {
        line_end(o, false);
    } else if (*p == '\r') {
        c->state = c->state == CHUNK_DOT ? CHUNK_DOT_CR : c->state == CHUNK_LF_DOT ? CHUNK_LF_DOT_CR : CHUNK_CR;
    } else {
        c->state = bol && *p == '.' ? (c->state == CHUNK_BOL ? CHUNK_DOT : CHUNK_LF_DOT) : CHUNK_MID;
        put(o, p, p + 1);
    }
}

/* The inside of a line up to a CR or LF, in one piece. */
static const char *run_mid(struct out *o, const char *p, const char *end)
{
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    const char *stop = lf ? lf : end;
    const char *cr = memchr(p, '\r', (size_t)(stop - p));
    if (cr)
        stop = cr;
    put(o, p, stop);
    if (stop < end) {
        if (cr)
            o->c->state = CHUNK_CR;
        else
            line_end(o, false);
        stop++;
    }
    return stop;
}

void smtp_chunk_feed(struct smtp_chunk *c, struct str in, smtp_dot_emit *emit, void *ctx)
{
    struct out o = {c, emit, ctx};
    const char *p = in.p, *end = in.p + in.n;
    while (p < end) {
        if (c->state == CHUNK_MID)
            p = run_mid(&o, p, end);
        else
            step(&o, p++);
    }
}

void smtp_chunk_end(struct smtp_chunk *c, smtp_dot_emit *emit, void *ctx)
{
    struct out o = {c, emit, ctx};
    if (holds_cr(c))
        c->seen |= SMTP_DOT_BARE_CR;
    else if (c->state != CHUNK_BOL && c->state != CHUNK_LF_BOL)
        line_end(&o, true);
    c->state = CHUNK_BOL;
}

bool smtp_chunk_args(struct str args, uint64_t *size, bool *last)
{
    struct str number, word;
    bool more = str_cut(args, ' ', &number, &word);
    word = str_trim(word);
    *last = more && str_ieq(word, STR("LAST"));
    return str_u64(number, size) && (!more || *last);
}
