#include "store/keyword.h"
#include "store/mail_priv.h"

static const struct {
    unsigned bit;
    const char *name;
} fixed[] = {{0, "$seen"}, {1, "$answered"}, {2, "$flagged"},  {4, "$draft"},  {5, "$forwarded"},
             {6, "$junk"}, {7, "$notjunk"},  {8, "$phishing"}, {9, "$mdnsent"}};

int keyword_load(struct txn *t, struct arena *a, int64_t org, int64_t account, struct keywords *k)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    *k = (struct keywords){0};
    for (size_t i = 0; i < N_ELEMENTS(fixed); i++)
        k->name[fixed[i].bit] = str_c(fixed[i].name);
    int r = db_query(t->db, &c, SQL_KEYWORD_LIST, DB_ARGS(db_int(org), db_int(account)));
    while (r == 0 && (r = db_next(&c)) == 1) {
        int64_t bit = db_col_int(&c, 0);
        if (bit >= KEYWORD_FIRST && bit <= KEYWORD_LAST)
            k->name[bit] = arena_str(a, db_col_str(&c, 1));
        r = 0;
    }
    return no_constraint(r);
}

uint32_t keyword_flag(const struct keywords *k, struct str name)
{
    for (unsigned bit = 0; bit <= KEYWORD_LAST; bit++)
        if (k->name[bit].n && str_ieq(k->name[bit], name))
            return 1u << bit;
    return 0;
}

bool keyword_valid(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c < 0x21 || c > 0x7e || strchr("(){]%*\"\\", c))
            return false;
    }
    return name.n >= 1 && name.n <= KEYWORD_NAME_MAX;
}

int keyword_make(struct txn *t, int64_t org, int64_t account, struct keywords *k, struct str name, uint32_t *flag)
{
    if (!keyword_valid(name))
        return MAIL_KEYWORD_BAD;
    if ((*flag = keyword_flag(k, name)) != 0)
        return 0;
    unsigned bit = KEYWORD_FIRST;
    while (bit <= KEYWORD_LAST && k->name[bit].n)
        bit++;
    if (bit > KEYWORD_LAST)
        return MAIL_KEYWORDS_MANY;
    struct str own = arena_str(t->arena, name);
    for (size_t i = 0; i < own.n; i++)
        ((char *)(uintptr_t)own.p)[i] = ascii_lower(own.p[i]);
    int r = db_run(t->db, SQL_KEYWORD_INSERT, DB_ARGS(db_int(org), db_int(account), db_int(bit), db_text(own)), NULL);
    k->name[bit] = own;
    *flag = 1u << bit;
    return no_constraint(r);
}
