/* What people type into the search box: never an error, never endless, and what is looked for stands in what was typed. */
#include "jmap/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const struct filter *f, unsigned depth)
{
    size_t n = 1;
    if (depth > 8)
        __builtin_trap();
    for (size_t i = 0; i < f->n_sub; i++)
        n += count(f->sub[i], depth + 1);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct txn t = {.now_ms = 1790000000000};
    struct filter *f = NULL;
    struct str text = str_n(data, size);
    if (size > FILTER_TEXT_MAX || str_ifind(text, STR("in:"), 0) >= 0) /* asks for mailboxes */
        return 0;
    arena_init(&a, ARENA_NO_LIMIT);
    struct jmap_call c = {.t = &t, .arena = &a};
    struct filter_ctx x = {.c = &c};
    int r = filter_typed(&x, text, &f);
    if (r != 0 && r != JMAP_UNSUPPORTED_FILTER)
        __builtin_trap();
    if (r == 0 && (!f || f->n_sub == 0 || count(f, 0) > FILTER_NODES_MAX))
        __builtin_trap();
    arena_free(&a);
    return 0;
}
