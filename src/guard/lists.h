#pragma once
/* What the guard knows of the world at large: where a registrable domain begins (public suffix list), free-mail
 * providers, link shorteners, free hosting, brands and their domains. Read once at start, then constant; shared by
 * threads. The lists are .def files beside this header, in byte order, checked by the tests. */
#include "core/err.h"
#include "core/str.h"

struct guard_lists;
/* Opens the newest public suffix list of the system (the one that libpsl was built with when there is none). ERR_NOMEM.
 */
int guard_lists_open(struct guard_lists **l, struct err *e) MUST_USE;
void guard_lists_close(struct guard_lists **l);
struct guard_lexicon;
const struct guard_lexicon *guard_lists_lexicon(const struct guard_lists *l); /* NULL when l is */

/* "mail.rossi.co.uk" -> "rossi.co.uk": a view into domain. A public suffix itself, a literal and a single label come
 * back whole. l NULL: the last two labels. domain: A-labels, lower case. */
struct str guard_registrable(const struct guard_lists *l, struct str domain);
/* "rossi.co.uk" -> "rossi". */
struct str guard_label(struct str registrable);
/* The last label. */
struct str guard_tld(struct str domain);

/* domain: registrable or any name below it, lower case. */
bool guard_is_freemail(struct str registrable);
bool guard_is_shortener(struct str host);
/* Pages and files that anybody can put up for nothing under a known name: "x.web.app", "storage.googleapis.com". */
bool guard_is_free_hosting(struct str host);
/* Mailing services, help desks and list hosts that write, link and collect replies in other firms' names. */
bool guard_is_mailer(struct str registrable);
/* Top-level domains where most of what is registered is abuse. */
bool guard_is_cheap_tld(struct str tld);

struct guard_brand {
    const char *name;          /* as people write it: "DHL", "Poste Italiane" */
    const char *words;         /* folded names that claim it, parted by "|": "dhl|dhl express" */
    const char *domains;       /* registrable domains that are its own, parted by spaces */
    size_t n_words, n_domains; /* bytes of the two */
};
/* The brand whose words stand in text as whole words, longest first; NULL none. Fold text before (lower case). */
const struct guard_brand *guard_brand_in(struct str folded_text);
/* The brand that owns this registrable domain; NULL none. */
const struct guard_brand *guard_brand_of(struct str registrable);
bool guard_brand_owns(const struct guard_brand *b, struct str registrable);
/* The brand whose name this registrable domain wears without being its own: "deliver-fedex.com", "paypa1.com". Only names that are no
 * words of a language. NULL none. */
const struct guard_brand *guard_brand_worn(struct str registrable);
/* Every brand, for near search: ends with a row whose name is NULL. */
extern const struct guard_brand guard_brands[];
