#pragma once
/* Inside jmap/: the filter of Email/query (RFC 8621 4.4.1) as a tree, and what a person typed into one. Words are looked up in the index first, so that the
 * tree is then judged row by row without text. */
#include "jmap/email.h"
#include "store/read_list.h"
#include "store/search.h"

#define FILTER_NODES_MAX 200u
#define FILTER_TEXT_MAX 1000u /* bytes of one text */

enum filter_kind {
    FILTER_AND,
    FILTER_OR,
    FILTER_NOT, /* none of its parts */
    FILTER_IN,
    FILTER_NOT_IN, /* in a mailbox that is none of ids */
    FILTER_AFTER,
    FILTER_BEFORE,
    FILTER_MIN_SIZE,
    FILTER_MAX_SIZE,
    FILTER_ATTACHMENT,
    FILTER_KEYWORD, /* has it; yes false: has it not */
    FILTER_THREAD_ALL,
    FILTER_THREAD_SOME, /* yes false: none in the thread */
    FILTER_WORDS,
    FILTER_HEADER,
    FILTER_HELD,
};
struct filter {
    enum filter_kind kind;
    struct filter **sub;
    size_t n_sub;
    int64_t number; /* mailbox, time, size */
    int64_t *ids;   /* FILTER_NOT_IN; FILTER_WORDS: what the index found, sorted */
    size_t n_ids;
    bool yes, phrase, has_value;
    bool found, capped; /* FILTER_WORDS: the index was asked; it had more */
    unsigned columns;
    struct str text, name;
    uint32_t flag;
};
struct filter_ctx {
    struct jmap_call *c;
    struct keywords keywords;
    struct search *search; /* NULL: not made yet */
    size_t nodes;
    /* "operator:" in typed text that is none, for the hint */
    struct str unknown[16];
    size_t n_unknown;
    bool words;   /* some FILTER_WORDS is in it: results change without a new state */
    bool held;    /* held mail alone is asked for: it is in no index, its rows are looked through */
    bool threads; /* some part looks at the other Emails of a thread */
};
/* *out NULL: no filter. 0, JMAP_INVALID_ARGUMENTS, JMAP_UNSUPPORTED_FILTER, < 0. */
int filter_parse(struct filter_ctx *x, const json_t *json, struct filter **out) MUST_USE;
/* What a person types (it or en): words, "phrases", -not, OR, from: to: subject: in: is: has: before: after: larger: smaller: */
int filter_typed(struct filter_ctx *x, struct str text, struct filter **out) MUST_USE;
/* Asks the index for every FILTER_WORDS. */
int filter_look_up(struct filter_ctx *x, struct filter *f) MUST_USE;

struct filter_row { /* one Email while it is judged; what is not there is read when asked for */
    int64_t id, thread;
    int64_t mailbox; /* where it was found; 0: nowhere in particular */
    uint32_t flags;
    bool has_flags, has_light;
    struct list_light light;
    struct read_email *email;
};
/* 1 it fits, 0 not, < 0. */
int filter_fits(struct filter_ctx *x, const struct filter *f, struct filter_row *row) MUST_USE;
int filter_row_email(struct filter_ctx *x, struct filter_row *row) MUST_USE; /* row->email is there: 1, 0 gone */
int filter_row_light(struct filter_ctx *x, struct filter_row *row) MUST_USE;
struct filter *filter_new(struct filter_ctx *x, enum filter_kind kind); /* NULL: too many */
int filter_add(struct filter_ctx *x, struct filter *to, struct filter *part) MUST_USE;

/* For docs/jmap.md; NULL behind the last. */
const char *filter_condition_name(size_t i);
const char *typed_operator_name(size_t i);

/* search.c: the index of the call's cell, shared by threads; *out NULL while there is none. What was taken is given back. */
struct search_use;
struct search_use *jmap_search_take(struct jmap_call *c, struct search **out);
void jmap_search_give(struct search_use *use);
