/* The insight encoding. Writer and reader are one walk over the fields, so that they cannot differ. */
#include "core/err.h"
#include "facts/facts.h"
#include "facts/iban.h"

/* out: writing; in: reading into arena. */
struct codec {
    struct buf *out;
    struct rd *in;
    struct arena *arena;
};

static void fail(struct codec *c)
{
    if (c->in)
        c->in->err = true;
}

/* Only valid UTF-8 of at most max bytes passes; the writer cuts, the reader refuses. */
static void text(struct codec *c, struct str *s, size_t max)
{
    if (c->out) {
        struct str v = str_utf8_cut(*s, max);
        buf_varint(c->out, v.n);
        buf_adds(c->out, v);
        return;
    }
    uint64_t n = rd_varint(c->in);
    struct str v = !c->in->err && n <= max ? rd_bytes(c->in, (size_t)n) : STR_NULL;
    if (c->in->err || n > max || str_utf8_valid(v) != v.n) {
        fail(c);
        *s = STR("");
        return;
    }
    *s = arena_str(c->arena, v);
}

static uint64_t number(struct codec *c, uint64_t v, uint64_t max)
{
    if (c->out) {
        buf_varint(c->out, v <= max ? v : max);
        return v;
    }
    uint64_t n = rd_varint(c->in);
    if (n > max)
        fail(c);
    return c->in->err ? 0 : n;
}

/* Zigzag: times before 1970 are small too. */
static void when(struct codec *c, int64_t *ms)
{
    uint64_t z = ((uint64_t)*ms << 1) ^ (uint64_t)(*ms >> 63);
    z = number(c, z, UINT64_MAX);
    if (c->in)
        *ms = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
}

static void u32(struct codec *c, uint32_t *v, uint32_t max) { *v = (uint32_t)number(c, *v, max); }

static void flag(struct codec *c, bool *v) { *v = number(c, *v, 1) == 1; }

static void link_walk(struct codec *c, struct facts_link *l)
{
    text(c, &l->url, FACTS_STRING_MAX);
    text(c, &l->text, FACTS_STRING_MAX);
    u32(c, &l->part, FACTS_PARTS_MAX);
    l->kind = (enum facts_link_kind)number(c, l->kind, LINK_LAST);
    flag(c, &l->quoted);
    if (l->kind == 0)
        fail(c);
}

/* A coordinate that the worker claims is checked again here: what the guard compares is always well formed. */
static bool payment_ok(const struct facts_payment *p)
{
    if (p->kind == 0 || p->where == 0)
        return false;
    if (p->kind == COORD_IBAN) {
        enum iban_check check = iban_check(p->value);
        return check == IBAN_OK || check == IBAN_BAD_NATIONAL;
    }
    if (p->kind == COORD_BIC)
        return p->value.n == 8 || p->value.n == 11;
    return p->value.n > 0 && p->value.n <= FACTS_NAME_MAX;
}

static void payment_walk(struct codec *c, struct facts_payment *p)
{
    p->kind = (enum facts_coordinate)number(c, p->kind, COORD_LAST);
    p->where = (enum facts_where)number(c, p->where, WHERE_LAST);
    flag(c, &p->quoted);
    text(c, &p->value, FACTS_NAME_MAX);
    text(c, &p->holder, FACTS_NAME_MAX);
    u32(c, &p->part, FACTS_PARTS_MAX);
    if (c->in && !c->in->err && !payment_ok(p))
        fail(c);
}

static void attachment_walk(struct codec *c, struct facts_attachment *a)
{
    struct str *const strings[] = {&a->name, &a->kind, &a->detail, &a->tool, &a->author, &a->number, &a->holder};
    u32(c, &a->part, FACTS_PARTS_MAX);
    u32(c, &a->flags, ATT_FLAGS_ALL);
    for (size_t i = 0; i < N_ELEMENTS(strings); i++)
        text(c, strings[i], FACTS_NAME_MAX);
    when(c, &a->made_ms);
    when(c, &a->changed_ms);
    u32(c, &a->pages, UINT32_MAX);
    u32(c, &a->text_chars, UINT32_MAX);
}

static void mention_walk(struct codec *c, struct facts_mention *m)
{
    m->kind = (enum facts_mention_kind)number(c, m->kind, MENTION_LAST);
    text(c, &m->name, FACTS_NAME_MAX);
    text(c, &m->addr, FACTS_NAME_MAX);
    if (m->kind == 0)
        fail(c);
}

/* One list: its count, then each record; reading makes the array first. */
#define LIST_WALK(c, list, n, type, max, walk)                            \
    do {                                                                  \
        (n) = (size_t)number((c), (n), (max));                            \
        if ((c)->in)                                                      \
            (list) = arena_array((c)->arena, type, (n) + 1);              \
        for (size_t i_ = 0; i_ < (n) && !((c)->in && (c)->in->err); i_++) \
            walk((c), &(list)[i_]);                                       \
    } while (0)

static void insight_walk(struct codec *c, struct facts_insight *in)
{
    u32(c, &in->flags, FACTS_FLAGS_ALL);
    u32(c, &in->html, HTML_FLAGS_ALL);
    u32(c, &in->hidden, UINT32_MAX);
    u32(c, &in->images, UINT32_MAX);
    flag(c, &in->has_attachment);
    text(c, &in->language, 8);
    text(c, &in->text, FACTS_TEXT_MAX);
    text(c, &in->preview, FACTS_PREVIEW_MAX);
    text(c, &in->attached, FACTS_TEXT_MAX);
    LIST_WALK(c, in->links, in->n_links, struct facts_link, FACTS_LINKS_MAX, link_walk);
    LIST_WALK(c, in->payments, in->n_payments, struct facts_payment, FACTS_COORDINATES_MAX, payment_walk);
    LIST_WALK(c, in->attachments, in->n_attachments, struct facts_attachment, FACTS_ATTACHMENTS_MAX, attachment_walk);
    LIST_WALK(c, in->mentions, in->n_mentions, struct facts_mention, FACTS_MENTIONS_MAX, mention_walk);
}

void facts_insight_put(struct buf *b, const struct facts_insight *in)
{
    struct facts_insight copy = *in; /* the walk only reads it here */
    struct codec c = {.out = b};
    buf_u16(b, FACTS_INSIGHT_VERSION);
    insight_walk(&c, &copy);
}

int facts_insight_get(struct arena *a, struct str bytes, struct facts_insight *out)
{
    struct rd r = rd_of(bytes);
    struct codec c = {.in = &r, .arena = a};
    struct facts_insight in = {0};
    uint16_t version = rd_u16(&r);
    if (!r.err && version != FACTS_INSIGHT_VERSION)
        return ERR_VERSION;
    if (!r.err)
        insight_walk(&c, &in);
    if (!rd_done(&r))
        return ERR_CORRUPT;
    *out = in;
    return 0;
}
