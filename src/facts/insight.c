/* The insight encoding. Writer and reader are one walk over the fields, so that they cannot differ. */
#include "core/err.h"
#include "facts/codec.h"
#include "facts/facts.h"
#include "facts/iban.h"

static void link_walk(struct codec *c, struct facts_link *l)
{
    codec_text(c, &l->url, FACTS_STRING_MAX);
    codec_text(c, &l->text, FACTS_STRING_MAX);
    codec_u32(c, &l->part, FACTS_PARTS_MAX);
    l->kind = (enum facts_link_kind)codec_number(c, l->kind, LINK_LAST);
    codec_flag(c, &l->quoted);
    if (l->kind == 0)
        codec_fail(c);
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
    p->kind = (enum facts_coordinate)codec_number(c, p->kind, COORD_LAST);
    p->where = (enum facts_where)codec_number(c, p->where, WHERE_LAST);
    codec_flag(c, &p->quoted);
    codec_text(c, &p->value, FACTS_NAME_MAX);
    codec_text(c, &p->holder, FACTS_NAME_MAX);
    codec_u32(c, &p->part, FACTS_PARTS_MAX);
    if (c->in && !c->in->err && !payment_ok(p))
        codec_fail(c);
}

static void attachment_walk(struct codec *c, struct facts_attachment *a)
{
    struct str *const strings[] = {&a->name, &a->kind, &a->detail, &a->tool, &a->author, &a->number, &a->holder};
    codec_u32(c, &a->part, FACTS_PARTS_MAX);
    codec_u32(c, &a->flags, ATT_FLAGS_ALL);
    for (size_t i = 0; i < N_ELEMENTS(strings); i++)
        codec_text(c, strings[i], FACTS_NAME_MAX);
    codec_signed(c, &a->made_ms);
    codec_signed(c, &a->changed_ms);
    codec_u32(c, &a->pages, UINT32_MAX);
    codec_u32(c, &a->text_chars, UINT32_MAX);
}

static void mention_walk(struct codec *c, struct facts_mention *m)
{
    m->kind = (enum facts_mention_kind)codec_number(c, m->kind, MENTION_LAST);
    codec_text(c, &m->name, FACTS_NAME_MAX);
    codec_text(c, &m->addr, FACTS_NAME_MAX);
    if (m->kind == 0)
        codec_fail(c);
}

static void insight_walk(struct codec *c, struct facts_insight *in)
{
    codec_u32(c, &in->flags, FACTS_FLAGS_ALL);
    codec_u32(c, &in->html, HTML_FLAGS_ALL);
    codec_u32(c, &in->hidden, UINT32_MAX);
    codec_u32(c, &in->images, UINT32_MAX);
    codec_flag(c, &in->has_attachment);
    codec_text(c, &in->language, 8);
    codec_text(c, &in->text, FACTS_TEXT_MAX);
    codec_text(c, &in->preview, FACTS_PREVIEW_MAX);
    codec_text(c, &in->attached, FACTS_TEXT_MAX);
    CODEC_LIST(c, in->links, in->n_links, struct facts_link, FACTS_LINKS_MAX, link_walk);
    CODEC_LIST(c, in->payments, in->n_payments, struct facts_payment, FACTS_COORDINATES_MAX, payment_walk);
    CODEC_LIST(c, in->attachments, in->n_attachments, struct facts_attachment, FACTS_ATTACHMENTS_MAX, attachment_walk);
    CODEC_LIST(c, in->mentions, in->n_mentions, struct facts_mention, FACTS_MENTIONS_MAX, mention_walk);
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
