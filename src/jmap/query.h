#pragma once
/* Inside jmap/: what Email/query and Email/queryChanges share. */
#include "jmap/filter.h"

#define QUERY_ROWS_MAX 300000u /* rows looked at for one query; more: unsupportedFilter with a sentence */
#define QUERY_TIME_MS 3000
#define QUERY_SORT_MAX 20000u    /* rows that are sorted by anything but their time */
#define QUERY_CHANGES_MAX 20000u /* results of a query whose changes can be told */
#define QUERY_SORTS_MAX 4u

enum sort_by { SORT_RECEIVED, SORT_SIZE, SORT_FROM, SORT_SUBJECT, SORT_SENT, SORT_KEYWORD, SORT_ALL, SORT_SOME };
struct query_sort {
    enum sort_by by;
    bool ascending;
    struct str keyword;
    uint32_t flag;
};
struct query {
    struct filter_ctx x;
    struct search_use *use;
    struct filter *filter;
    struct query_sort sort[QUERY_SORTS_MAX];
    size_t n_sort;
    bool collapse, want_total;
    int64_t position, anchor, anchor_offset;
    size_t limit;
    /* result */
    int64_t *ids, from, total; /* total -1: not known */
    size_t n;
};
/* filter, sort, collapseThreads, calculateTotal. query_end also after an error. */
int query_begin(struct jmap_call *c, struct query *q) MUST_USE;
int query_run(struct query *q) MUST_USE; /* 0, JMAP_ANCHOR_NOT_FOUND, JMAP_UNSUPPORTED_FILTER, _SORT, < 0 */
void query_end(struct query *q);

/* queryChanges (RFC 8620 5.6) from what changed since and what the query finds now. changed, gone: ids; sorted inside. */
struct query_diff {
    struct read_state old, now;
    int64_t *changed;
    size_t n_changed;
    const int64_t *ids; /* results now */
    size_t n;
    int64_t total; /* -1: not asked */
    size_t max;    /* maxChanges; 0: none */
};
int query_put_changes(struct jmap_call *c, struct query_diff *d) MUST_USE;
