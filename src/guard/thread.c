/* Thread family (guard.md T1-T4): who joins a conversation, and whether there was one. */
#include "guard/detect.h"

#define COMPARED_MAX 400u /* pairs of domains that are compared */
#define OWN_SENT_LEAST 20 /* before "you never wrote this" can be said, we must have heard ourselves for a while */
#define OWN_SENT_MS (60 * 24 * 3600 * 1000LL)

static bool hard(enum guard_likeness k)
{
    return k == LIKE_FOREIGN || k == LIKE_GLYPH || k == LIKE_LETTER || k == LIKE_SUBDOMAIN;
}

static bool staff_name(struct guard_case *c, struct str name)
{
    const struct guard_policy *p = c->in->policy;
    struct str key = guard_name_key(c->arena, name);
    for (size_t i = 0; key.n > 0 && i < p->n_staff; i++)
        if (str_eq(key, guard_name_key(c->arena, p->staff[i].name)))
            return true;
    return false;
}

/* One recipient whose domain looks like ours: a typing error of an honest sender, or a boss who reads nothing (T1). */
static bool copied(struct guard_case *c, const struct guard_party *p, size_t *compared)
{
    const struct guard_relation *r = &c->rel;
    struct str domain = guard_registrable(c->in->lists, p->domain);
    for (size_t i = 0; i < c->in->policy->n_domains && *compared < COMPARED_MAX; i++, ++*compared) {
        struct str own = guard_registrable(c->in->lists, c->in->policy->domains[i]);
        enum guard_likeness like = guard_near_compare(domain, own);
        if (like == LIKE_NONE || (!hard(like) && !staff_name(c, p->name)))
            continue;
        bool bad = r->standing != STAND_ESTABLISHED &&
                   (r->n_near > 0 || r->coords_new || (guard_asks(c) & (ASKS_CHANGE | ASKS_PRETEXT | ASKS_PAYMENT)));
        GUARD_FIND_AT(c, GUARD_THREAD_COPY, bad || (hard(like) && r->coords_new) ? GUARD_STOP : GUARD_CAUTION,
                      {"address", p->addr}, {"near", own}, {"kind", str_c(guard_likeness_name(like))});
        return true;
    }
    return false;
}

static void copies(struct guard_case *c)
{
    size_t compared = 0;
    if (!c->in->policy || c->rel.own)
        return;
    for (size_t f = 0; f < 2; f++) {
        const struct guard_party *v = f == 0 ? c->in->to : c->in->cc;
        size_t n = f == 0 ? c->in->n_to : c->in->n_cc;
        for (size_t i = 0; i < n && compared < COMPARED_MAX; i++)
            if (v[i].addr.n > 0 && !guard_own_domain(c->in->policy, v[i].domain) && copied(c, &v[i], &compared))
                return;
    }
}

/* Quoted headers whose address is one letter from somebody who truly took part (T3). */
static void swapped(struct guard_case *c)
{
    const struct facts_insight *in = c->in->insight;
    size_t compared = 0;
    for (size_t i = 0; in && c->rel.thread && i < in->n_mentions; i++) {
        struct str domain = guard_registrable(c->in->lists, guard_addr_domain(in->mentions[i].addr)), addr;
        struct str rest = c->rel.thread->value;
        while (domain.n > 0 && rest.n > 0 && compared++ < COMPARED_MAX) {
            str_token(&rest, ' ', &addr);
            struct str real = guard_registrable(c->in->lists, guard_addr_domain(addr));
            if (!hard(guard_near_compare(domain, real)) || guard_is_freemail(domain))
                continue;
            GUARD_FIND(c, GUARD_THREAD_SWAPPED, {"new", in->mentions[i].addr}, {"old", addr});
            return;
        }
    }
}

/* Somebody of the thread, not one of us, gets this too: people join conversations. (A header can name whom it likes: this
 * softens a word of caution, no stop.) */
static bool others_kept(struct guard_case *c)
{
    struct str rest = c->rel.thread->value, addr;
    while (rest.n > 0) {
        str_token(&rest, ' ', &addr);
        if (guard_own_domain(c->in->policy, guard_addr_domain(addr)))
            continue;
        for (size_t i = 0; i < c->in->n_to; i++)
            if (str_eq(c->in->to[i].addr, addr))
                return true;
        for (size_t i = 0; i < c->in->n_cc; i++)
            if (str_eq(c->in->cc[i].addr, addr))
                return true;
    }
    return false;
}

/* A known thread, and a sender who never was in it (T4). */
static void stranger(struct guard_case *c)
{
    const struct guard_relation *r = &c->rel;
    if (r->thread_party.n == 0 || !r->fresh || r->n_near > 0 || r->own || (r->bulk && !r->coords_new))
        return;
    bool same = str_eq(r->named_party, r->thread_party), change = guard_asks(c) & ASKS_CHANGE;
    ptrdiff_t space = str_chr(r->thread->value, ' ', 0);
    struct str old = space > 0 ? str_upto(r->thread->value, (size_t)space) : r->thread->value;
    if (guard_own_domain(c->in->policy, guard_addr_domain(old)))
        old = r->thread_party;
    enum guard_level level = r->n_coord == 0 && !change && others_kept(c) ? GUARD_NOTE : GUARD_CAUTION;
    if (r->coords_new && (same || change))
        level = GUARD_STOP;
    GUARD_FIND_AT(c, GUARD_THREAD_STRANGER, level, {"old", old}, {"new", c->in->from_addr});
}

static bool quotes_us(struct guard_case *c, struct str *who)
{
    const struct facts_insight *in = c->in->insight;
    for (size_t i = 0; in && i < in->n_mentions; i++)
        if (in->mentions[i].kind == MENTION_FROM &&
            guard_own_domain(c->in->policy, guard_addr_domain(in->mentions[i].addr))) {
            *who = in->mentions[i].addr;
            return true;
        }
    return false;
}

/* Quotes words of ours that we never wrote (T2). */
static void fake(struct guard_case *c)
{
    const struct guard_relation *r = &c->rel;
    struct str said[8], who = STR("");
    if (!c->in->policy || c->in->policy->n_domains == 0 || r->thread || r->own || (r->bulk && !r->coords_new) ||
        r->standing == STAND_ESTABLISHED || !quotes_us(c, &who))
        return;
    const struct guard_known *us = guard_known_find(c->h, KNOWN_DOMAIN, c->in->policy->domains[0]);
    if (!us || us->sent < OWN_SENT_LEAST || c->in->now_ms - us->first_ms < OWN_SENT_MS)
        return;
    size_t n = guard_said(c->in, c->arena, said, N_ELEMENTS(said));
    for (size_t i = 0; i < n; i++)
        if (guard_known_find(c->h, KNOWN_SAID, said[i]))
            return;
    if (n == 0)
        return;
    GUARD_FIND_AT(c, GUARD_THREAD_FAKE, r->coords_new && (guard_asks(c) & ASKS_CHANGE) ? GUARD_STOP : GUARD_CAUTION,
                  {"address", who}, {"new", c->in->from_addr});
}

void guard_thread(struct guard_case *c)
{
    if (c->in->from_addr.n == 0 || c->in->from_ambiguous)
        return;
    copies(c);
    swapped(c);
    stranger(c);
    fake(c);
}
