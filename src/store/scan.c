#include "store/verify_priv.h"

#define SCAN_PAGE 2000

struct scan scan_of(struct db *db, enum sql_id id, int n_keys)
{
    struct scan s = {.db = db, .id = id, .n_keys = n_keys};

    for (int i = 0; i < SCAN_KEYS; i++)
        s.key[i] = INT64_MIN;
    return s;
}

static int open_page(struct scan *s)
{
    struct db_val args[SCAN_KEYS + 1];
    int rc;

    for (int i = 0; i < s->n_keys; i++)
        args[i] = db_int(s->key[i]);
    args[s->n_keys] = db_int(SCAN_PAGE);
    rc = db_query(s->db, &s->c, s->id, args, (size_t)s->n_keys + 1);
    s->open = rc == 0;
    s->page = 0;
    return rc > 0 ? ERR_INVALID : rc;
}

int scan_next(struct scan *s)
{
    for (;;) {
        int rc = 0;

        if (s->done)
            return 0;
        if (!s->open && (rc = open_page(s)) != 0)
            return rc;
        rc = db_next(&s->c);
        if (rc == 1) {
            s->page++;
            for (int i = 0; i < s->n_keys; i++)
                s->key[i] = db_col_int(&s->c, i);
            return 1;
        }
        scan_end(s);
        if (rc < 0)
            return rc;
        s->done = s->page < SCAN_PAGE;
    }
}

void scan_end(struct scan *s)
{
    if (s->open)
        db_end(&s->c);
    s->open = false;
}

void auto_scan(struct scan *s) { scan_end(s); }
