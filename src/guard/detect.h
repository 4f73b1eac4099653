#pragma once
/* Inside the guard: what a family of detectors sees and how it reports. */
#include "guard/guard.h"
#include "guard/lists.h"
#include "guard/near.h"

#define GUARD_NEAR_MAX 8u
#define GUARD_COORDS_MAX 16u
#define GUARD_REPLIES_MAX 2u  /* addresses of Reply-To that are looked at; honest mail has one */
#define GUARD_NAMED_CROWD 3u  /* a name known from more firms than this means nobody */
#define GUARD_HABIT_MAILS 5   /* earlier mails before a habit is one */
#define GUARD_TEXT_READ 16384 /* bytes of text that are looked at for words */
/* A sender who has written for so long is beyond comparing with others: patience has its price, even for a fraud. */
#define GUARD_LONG_MS (180 * 24 * 3600 * 1000LL)

enum guard_standing {
    STAND_STRANGER,    /* nobody there has ever written to us or been written to */
    STAND_SEEN,        /* a mail or two */
    STAND_ESTABLISHED, /* several over weeks: no longer compared with others */
    STAND_OWN
};
/* A coordinate that this message gives, once, with all places it stands in. */
struct guard_coord {
    struct str value, holder;
    enum facts_coordinate kind;
    unsigned places; /* bits 1 << facts_where */
    bool quoted;     /* only in quoted lines, of a sender who is no stranger */
};
/* Words of the text that matter only together with a relation. */
enum guard_asks { ASKS_INVOICE = 1, ASKS_PAYMENT = 2, ASKS_CHANGE = 4, ASKS_PRETEXT = 8, ASKS_READ = 16 };

/* Who the sender is to us, worked out once. Views of input, history and arena. */
struct guard_relation {
    struct str domain; /* registrable domain of From */
    struct str key;    /* guard_party_key */
    enum guard_standing standing;
    bool own, freemail, mailer, bulk; /* bulk: list, newsletter, automatic */
    bool unproven;                    /* SPF, DKIM or DMARC say that it is not from there */
    bool
        fresh; /* to be compared with others: not established, or established lately and asking for money for the first time */
    const struct guard_known *addr_row, *domain_row;
    struct { /* known counterparties or own domains that From's domain looks like, most alike first */
        struct str domain;
        enum guard_likeness like;
        const struct guard_known *row; /* NULL: our own domain */
    } near[GUARD_NEAR_MAX];
    size_t n_near;
    struct str named;                 /* address under which this display name is known, elsewhere */
    struct str named_party;           /* its registrable domain; the address itself when it is a free mailbox */
    bool named_private;               /* known from a free mailbox only: counts once we have written there */
    bool named_firm;                  /* the name or the local part holds that domain's label */
    const struct guard_party *staff;  /* our own person of that name, whose address this is not */
    const struct guard_known *thread; /* the message of ours or theirs that it answers */
    struct str thread_party;          /* who is in that thread, when From is not */
    struct str claimed;               /* party it passes for; empty: itself */
    bool person, in_thread;           /* it uses that party's person, or thread */
    struct guard_coord coord[GUARD_COORDS_MAX];
    size_t n_coord;
    bool coords_new;   /* one of them is on file neither for the sender nor for the claimed party */
    bool coords_known; /* all of them are on file for the claimed party */
    unsigned asks;     /* guard_asks; read when first wanted */
};
struct guard_case {
    const struct guard_input *in;
    const struct guard_history *h;
    struct arena *arena;
    struct guard_verdict *v;
    struct guard_relation rel;
};
typedef void guard_detector(struct guard_case *c);
guard_detector guard_payment, guard_lookalike, guard_person, guard_habit, guard_thread;

/* Fills rel from what is known so far. */
void guard_relate(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                  struct guard_relation *rel);
/* Keys of the name that the sender goes by: his display name or, when that names nobody, the words of his local part. */
size_t guard_sender_names(const struct guard_input *in, struct arena *a, struct str out[GUARD_NAME_PARTS]);
/* The lines of a text that do not begin with ">", which somebody else said before; at most max bytes. */
struct str guard_own_text(struct arena *a, struct str text, size_t max);
/* The same as a person reads it of whom nothing is known: who writes all but nothing outside of quotes wrote the quotes too,
 * unless he answers a message that is on file. */
struct str guard_shown_text(struct guard_case *c, size_t max);
/* Words that ask for money or favours, in the subject and the sender's own text. */
unsigned guard_asks(struct guard_case *c);

/* An invoice with paper attached; coordinates that are not our own are shown outside quotes. */
bool guard_invoice_like(const struct guard_input *in, struct arena *a);
bool guard_coords_shown(const struct guard_input *in, const struct guard_history *h);
/* It passes for somebody, and not by an accident of names. */
bool guard_imitates(const struct guard_relation *r);
/* Keys of quoted lines, as KNOWN_SAID has them. */
size_t guard_said(const struct guard_input *in, struct arena *a, struct str *out, size_t max);
struct str guard_agent(struct str agent);            /* the program without its version */
struct str guard_hours(struct arena *a, int64_t ms); /* which four hours of the day */

/* Adds a finding with the row's level and weight; facts come in pairs. Of more than GUARD_FINDINGS_MAX the strongest stay. */
void guard_find(struct guard_case *c, enum guard_code code, const struct guard_fact *facts, size_t n);
#define GUARD_FIND(c, code, ...)                                      \
    guard_find((c), (code), (const struct guard_fact[]){__VA_ARGS__}, \
               sizeof((const struct guard_fact[]){__VA_ARGS__}) / sizeof(struct guard_fact))
/* The same at another level than the row's. */
void guard_find_at(struct guard_case *c, enum guard_code code, enum guard_level level, const struct guard_fact *facts,
                   size_t n);
#define GUARD_FIND_AT(c, code, level, ...)                                        \
    guard_find_at((c), (code), (level), (const struct guard_fact[]){__VA_ARGS__}, \
                  sizeof((const struct guard_fact[]){__VA_ARGS__}) / sizeof(struct guard_fact))
void guard_find_as(struct guard_case *c, enum guard_code code, enum guard_level level, int32_t weight,
                   const struct guard_fact *facts, size_t n);
/* The first row of this kind and key, or NULL. */
const struct guard_known *guard_known_find(const struct guard_history *h, enum guard_known_kind kind, struct str key);
const struct guard_known *guard_known_value(const struct guard_history *h, enum guard_known_kind kind, struct str key,
                                            struct str value);
/* Coordinates on file: the one asked for, and the one a book-keeper would compare with; NULL none. */
const struct guard_detail *guard_detail_get(const struct guard_history *h, struct str party, struct str value);
const struct guard_detail *guard_detail_best(const struct guard_history *h, struct str party);
bool guard_coord_own(const struct guard_history *h, struct str value);
/* May be paid to: on file, not revoked, and not merely seen beside a verified one. */
bool guard_detail_good(const struct guard_history *h, struct str party, struct str value);
bool guard_own_domain(const struct guard_policy *p, struct str domain);
struct str guard_addr_domain(struct str addr); /* what stands behind the last "@" */
struct str guard_addr_local(struct str addr);
/* "2026-03-12" of a wall time in UTC. */
struct str guard_day(struct arena *a, int64_t ms);
struct str guard_number(struct arena *a, int64_t n);
