#include "smtp/dot.h"

enum dot_state {
    DOT_BOL,      /* after a true CRLF, or at the start */
    DOT_MID,      /* inside a line */
    DOT_CR,       /* inside a line, CR held back */
    DOT_DOT,      /* CRLF "." held back */
    DOT_DOT_CR,   /* CRLF "." CR held back */
    DOT_LF_BOL,   /* after a bare LF */
    DOT_LF_DOT,   /* bare LF "." */
    DOT_LF_DOT_CR /* bare LF "." CR held back */
};

static const char crlf[] = "\r\n";

struct out {
    struct smtp_dot *d;
    const char *from; /* bytes [from, here) are text and not emitted yet */
    smtp_dot_emit *emit;
    void *ctx;
};

static void put(struct out *o, const char *p, const char *end)
{
    if (end > p && !(o->d->seen & SMTP_DOT_REFUSED))
        o->emit(o->ctx, str_n(p, (size_t)(end - p)));
}

/* Emits what stands before `here`; text goes on at `next`. */
static void skip_to(struct out *o, const char *here, const char *next)
{
    put(o, o->from, here);
    o->from = next;
}

static const char *step_mid(struct out *o, const char *p, const char *end)
{
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    const char *stop = lf ? lf : end;
    const char *cr = memchr(p, '\r', (size_t)(stop - p));
    if (cr && cr + 1 == end) {
        skip_to(o, cr, end);
        o->d->state = DOT_CR;
        return end;
    }
    if (cr && cr + 1 == lf) {
        o->d->state = DOT_BOL;
        return lf + 1;
    }
    if (cr) {
        o->d->seen |= SMTP_DOT_BARE_CR;
        return cr + 1;
    }
    if (!lf)
        return end;
    o->d->seen |= SMTP_DOT_BARE_LF;
    skip_to(o, lf, lf + 1);
    put(o, crlf, crlf + 2);
    o->d->state = DOT_LF_BOL;
    return lf + 1;
}

/* One byte of the states that hold something back or look for a dot. Returns where to go on (p: look at this byte
 * again). */
static const char *step_byte(struct out *o, const char *p)
{
    struct smtp_dot *d = o->d;
    bool lf = *p == '\n';
    switch ((enum dot_state)d->state) {
    case DOT_BOL:
        d->state = *p == '.' ? DOT_DOT : DOT_MID;
        if (*p != '.')
            return p;
        skip_to(o, p, p + 1);
        return p + 1;
    case DOT_DOT:
        if (*p == '\r') {
            d->state = DOT_DOT_CR;
            o->from = p + 1;
            return p + 1;
        }
        if (lf) {
            d->seen |= SMTP_DOT_SMUGGLE;
            d->state = DOT_LF_BOL;
            return p + 1;
        }
        d->state = DOT_MID; /* the dot was stuffing */
        o->from = p;
        return p;
    case DOT_CR:
        if (lf) {
            put(o, crlf, crlf + 2);
            d->state = DOT_BOL;
            o->from = p + 1;
            return p + 1;
        }
        break;
    case DOT_LF_BOL: d->state = *p == '.' ? DOT_LF_DOT : DOT_MID; return *p == '.' ? p + 1 : p;
    case DOT_LF_DOT:
        if (lf) {
            d->seen |= SMTP_DOT_SMUGGLE;
            d->state = DOT_LF_BOL;
            return p + 1;
        }
        d->state = *p == '\r' ? DOT_LF_DOT_CR : DOT_MID;
        if (*p != '\r')
            return p;
        skip_to(o, p, p + 1);
        return p + 1;
    case DOT_LF_DOT_CR:
        if (lf) {
            d->seen |= SMTP_DOT_SMUGGLE;
            d->state = DOT_BOL;
            return p + 1;
        }
        break;
    case DOT_DOT_CR: break; /* LF here is the end: smtp_dot_feed */
    case DOT_MID: break;
    }
    d->seen |= SMTP_DOT_BARE_CR; /* the CR held back was not followed by LF */
    d->state = DOT_MID;
    o->from = p;
    return p;
}

enum parse smtp_dot_feed(struct smtp_dot *d, struct str in, size_t *used, smtp_dot_emit *emit, void *ctx)
{
    struct out o = {d, in.p, emit, ctx};
    const char *p = in.p, *end = in.p + in.n;
    while (p < end) {
        if (d->state == DOT_DOT_CR && *p == '\n') {
            *used = (size_t)(p + 1 - in.p);
            return PARSE_OK;
        }
        p = d->state == DOT_MID ? step_mid(&o, p, end) : step_byte(&o, p);
    }
    if (d->state != DOT_DOT && d->state != DOT_DOT_CR && d->state != DOT_CR && d->state != DOT_LF_DOT_CR)
        put(&o, o.from, end);
    *used = in.n;
    return PARSE_MORE;
}
