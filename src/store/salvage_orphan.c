/* Messages whose place record is damaged, when no database knows better. Their content is there and names only the firm. What happens to them errs on the
 * safe side: into Held, because the lost record may have said "hold", and only of an account that is certain, because a mail is nobody else's business. */
#include "store/salvage_priv.h"

void salvage_span_begin(struct salvage *s, int64_t pack) { s->span = (struct damaged_span){.pack = pack, .to = -1}; }

/* span.to: -1 while the group checks so far. */
void salvage_span_seen(struct salvage *s, const struct pack_seen *seen)
{
    int64_t end = seen->loc.offset + seen->loc.length;
    if (seen->damaged) {
        s->span.to = end;
        return;
    }
    if (seen->kind != PACK_GROUP_END)
        return;
    if (s->span.to >= 0) {
        if (s->n_spans == s->cap_spans) {
            struct damaged_span *more =
                arena_array(&s->arena, struct damaged_span, s->cap_spans = s->cap_spans ? s->cap_spans * 2 : 16);
            if (s->n_spans)
                memcpy(more, s->spans, s->n_spans * sizeof *more);
            s->spans = more;
        }
        s->spans[s->n_spans++] = (struct damaged_span){s->span.pack, s->span.from, end};
    }
    s->span.from = end;
    s->span.to = -1;
}

bool salvage_near_damage(const struct salvage *s, int64_t pack, int64_t offset)
{
    for (size_t i = 0; i < s->n_spans; i++)
        if (s->spans[i].pack == pack && s->spans[i].from <= offset && offset < s->spans[i].to)
            return true;
    return false;
}

void salvage_orphan(struct salvage *s, const struct by_content *k)
{
    int64_t pack = key_get(k->at.pack), offset = key_get(k->at.offset);
    if (s->rows_whole || s->n_orphans == SALVAGE_ORPHANS_MAX)
        return; /* the rows know all that stands: this was removed, or its job was refused */
    if (!salvage_near_damage(s, pack, offset) || pack_groups_fate(&s->groups, pack, offset) == FATE_DROPPED)
        return;
    if (s->n_orphans == s->cap_orphans) {
        struct orphan *more =
            arena_array(&s->arena, struct orphan, s->cap_orphans = s->cap_orphans ? s->cap_orphans * 2 : 16);
        if (s->n_orphans)
            memcpy(more, s->orphans, s->n_orphans * sizeof *more);
        s->orphans = more;
    }
    struct orphan *o = &s->orphans[s->n_orphans++];
    *o = (struct orphan){.org = key_get(k->org), .loc = {pack, offset, key_get(k->at.length)}};
    memcpy(o->sha256, k->sha256, SHA256_LEN);
}

/* "for <address>" of the Received field that we put in front. What stands behind that field a stranger may have written. */
static struct str trace_recipient(struct str raw)
{
    ptrdiff_t at = str_find(raw, STR("\r\nReceived: from "), 0), to;
    if (!str_starts(raw, STR("Return-Path: <")) || at < 0 || str_find(raw, STR("\r\n"), 0) != at)
        return STR_NULL;
    size_t end = (size_t)at + 2;
    while ((to = str_find(raw, STR("\r\n"), end)) >= 0 && (size_t)to + 2 < raw.n &&
           (raw.p[to + 2] == '\t' || raw.p[to + 2] == ' '))
        end = (size_t)to + 2;
    if (to < 0)
        return STR_NULL;
    struct str field = str_upto(raw, (size_t)to), address;
    at = str_find(field, STR("\r\n\tfor <"), 0);
    return at >= 0 && str_cut(str_from(field, (size_t)at + 8), '>', &address, &field) ? address : STR_NULL;
}

struct person *salvage_orphan_owner(struct salvage *s, int64_t org, struct str raw)
{
    struct str address = trace_recipient(raw);
    struct person *only = NULL, *named = NULL;
    size_t n = 0;
    for (struct person *p = s->first_person; p; p = p->next) {
        if (p->org != org || !p->made)
            continue;
        only = p;
        n++;
        if (address.n && str_eq(p->address, address))
            named = p;
    }
    return named ? named : n == 1 ? only : NULL;
}
