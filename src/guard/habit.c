/* Habits of a counterparty (guard.md C1, P6): a true mailbox in foreign hands writes from elsewhere, with other programs,
 * at other hours, and makes its papers with other tools. Silent until there is a habit. */
#include "guard/detect.h"

#define HABIT_MAILS_WITH_MONEY 3 /* beside coordinates that are new, fewer mails show it too */
#define LISTED 4u

/* Values of this kind, parted by commas; empty when there is no habit of it. */
static struct str habits(struct guard_case *c, struct str kind, struct str now, bool *known)
{
    AUTO(buf) struct buf b;
    size_t n = 0;
    buf_init(&b, 1024);
    *known = false;
    for (size_t i = 0; i < c->h->n_rows; i++) {
        const struct guard_known *k = &c->h->rows[i];
        if (k->kind != KNOWN_HABIT || !str_starts(k->value, kind) || !str_eq(k->key, c->rel.key))
            continue;
        struct str v = str_from(k->value, kind.n);
        *known = *known || str_eq(v, now);
        if (n++ < LISTED)
            buf_printf(&b, "%s%.*s", b.n ? ", " : "", STRF(v));
    }
    return arena_str(c->arena, buf_str(&b));
}

struct differ {
    struct buf *old, *now;
    unsigned points;
};

static void differs(struct guard_case *c, struct differ *d, struct str kind, struct str now, unsigned points)
{
    bool known;
    struct str old = now.n ? habits(c, kind, now, &known) : STR("");
    if (old.n == 0 || known)
        return;
    buf_printf(d->old, "%s%.*s", d->old->n ? "; " : "", STRF(old));
    buf_printf(d->now, "%s%.*s", d->now->n ? "; " : "", STRF(now));
    d->points += points;
}

static void account(struct guard_case *c, const struct guard_known *row)
{
    AUTO(buf) struct buf old;
    AUTO(buf) struct buf now;
    bool known;
    buf_init(&old, 2048);
    buf_init(&now, 2048);
    struct differ d = {&old, &now, 0};
    differs(c, &d, STR("net:"), c->in->network, 1);
    differs(c, &d, STR("country:"), c->in->country, 2);
    differs(c, &d, STR("agent:"), guard_agent(c->in->agent), 1);
    if (c->in->has_date && habits(c, STR("hours:"), guard_hours(c->arena, c->in->now_ms), &known).n > 0 && !known)
        d.points += d.points > 0; /* an odd hour alone is a long evening */
    if (d.points < 2 || (d.points < 3 && !c->rel.coords_new))
        return;
    bool loud = d.points >= 4 || c->rel.coords_new;
    GUARD_FIND_AT(c, GUARD_PERSON_HABIT, loud ? GUARD_CAUTION : GUARD_NOTE, {"address", c->in->from_addr},
                  {"old", arena_str(c->arena, buf_str(&old))}, {"new", arena_str(c->arena, buf_str(&now))},
                  {"count", guard_number(c->arena, row->received)});
}

static void papers(struct guard_case *c, const struct guard_known *row)
{
    bool known_tool, known_author;
    for (size_t i = 0; c->in->insight && i < c->in->insight->n_attachments; i++) {
        const struct facts_attachment *f = &c->in->insight->attachments[i];
        if (!str_eq(f->kind, STR("pdf")) || (f->tool.n == 0 && f->author.n == 0))
            continue;
        struct str tools = habits(c, STR("pdf:"), str_upto(f->tool, 80), &known_tool);
        struct str authors = habits(c, STR("author:"), str_upto(f->author, 80), &known_author);
        bool tool = tools.n > 0 && f->tool.n > 0 && !known_tool,
             author = authors.n > 0 && f->author.n > 0 && !known_author;
        if (!tool && !author)
            continue;
        bool touched = (f->flags & ATT_PDF_CHANGED) && f->changed_ms > f->made_ms && f->made_ms > 0;
        GUARD_FIND_AT(c, GUARD_PAYMENT_TOOL, c->rel.coords_new || touched ? GUARD_CAUTION : GUARD_NOTE,
                      {"file", f->name}, {"old", tool ? tools : authors}, {"new", tool ? f->tool : f->author},
                      {"count", guard_number(c->arena, row->received)});
        return;
    }
}

void guard_habit(struct guard_case *c)
{
    const struct guard_relation *r = &c->rel;
    const struct guard_known *row = r->freemail || r->mailer ? r->addr_row : r->domain_row;
    int64_t least = r->coords_new ? HABIT_MAILS_WITH_MONEY : GUARD_HABIT_MAILS;
    if (!row || r->own || r->mailer || row->received < least)
        return;
    if (!r->bulk || r->coords_new)
        account(c, row);
    papers(c, row);
}
