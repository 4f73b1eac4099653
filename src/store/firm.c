#include "store/firm.h"

int firm_domains(struct txn *t, int64_t org, struct str **out, size_t *n)
{
    struct db_cursor c;
    size_t cap = 4;
    *out = arena_array(t->arena, struct str, cap);
    *n = 0;
    int r = db_query(t->db, &c, SQL_DOMAIN_LIST, DB_ARGS(db_int(org)));
    if (r != 0)
        return r;
    while ((r = db_next(&c)) == 1 && *n < FIRM_DOMAINS_MAX) {
        if (*n == cap) {
            struct str *more = arena_array(t->arena, struct str, cap * 2);
            memcpy(more, *out, cap * sizeof **out);
            *out = more;
            cap *= 2;
        }
        (*out)[(*n)++] = arena_str(t->arena, db_col_str(&c, 0));
    }
    db_end(&c);
    return r < 0 ? r : 0;
}
