#pragma once
/* Inside the guard: the families that look at what is in a message rather than at who is known. Each weak sign is a note with
 * its weight; their sum with the prior makes the verdict (total.c). */
#include "guard/detect.h"
#include "guard/lexicon.h"
#include "guard/lists.h"
#include "guard/url.h"

#define GUARD_HOSTS_MAX 32u         /* different hosts of one message that are looked at */
#define GUARD_FOLD_MAX (32u * 1024) /* bytes of text that are looked at for phrases */

struct guard_host {
    struct guard_url url; /* first link with this host */
    struct str registrable;
    enum facts_link_kind kind;
    struct str shown; /* what a person sees instead of the URL */
    bool own;         /* the sender's own, or a brand's that the sender belongs to */
    bool mailer;      /* a mailing service's counting link */
};
struct guard_content {
    struct str from_domain; /* registrable */
    const struct guard_brand *from_brand;
    bool freemail;
    bool list;                         /* written to a mailing list */
    bool report;                       /* by a mail server, or at least without a link to click */
    struct str name, subject, text;    /* folded */
    const struct guard_brand *claimed; /* brand that the name or subject speaks for, not the sender's; NULL none */
    bool claimed_by_name;
    struct guard_topics topics;
    struct guard_host hosts[GUARD_HOSTS_MAX];
    size_t n_hosts, n_own, n_foreign; /* n_foreign: registrable domains, neither own nor mailer */
    bool has_qr;
    int32_t before; /* score when the content families began */
};
/* All of them: one row of judge.c's families. */
void guard_content(struct guard_case *c);

typedef void guard_content_detector(struct guard_case *c, struct guard_content *k);
guard_content_detector guard_links, guard_attachments, guard_words, guard_sender, guard_total;

/* A page of a known firm that sends on to wherever it is told. */
bool guard_bounces(const struct guard_host *h);
/* No foreign link but such as a person types or pastes. */
bool guard_only_typed(const struct guard_content *k);
/* guard_find with this weight instead of the row's. */
void guard_signal(struct guard_case *c, enum guard_code code, int32_t weight, const struct guard_fact *facts, size_t n);
#define GUARD_SIGNAL(c, code, weight, ...)                                        \
    guard_signal((c), (code), (weight), (const struct guard_fact[]){__VA_ARGS__}, \
                 sizeof((const struct guard_fact[]){__VA_ARGS__}) / sizeof(struct guard_fact))
