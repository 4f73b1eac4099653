#include "store/known.h"
#include "core/hash.h"
#include "store/group.h"
#include "store/store_priv.h"

#define AT_ONCE 16u /* keys of one statement */

static int fixed(int r) { return r > 0 ? ERR_INVALID : r; }

static int seed_of(struct txn *t, int64_t org, uint64_t seed[2])
{
    if (t->group) {
        const uint8_t *key;
        int r = txn_org_key(t, org, &key);
        if (r == 0)
            memcpy(seed, key + 16, sizeof(uint64_t[2])); /* threads use the first half */
        return r;
    }
    struct cell_seed *kept = &t->cell->seeds[(uint64_t)org % CELL_SEEDS], read = {.org = org};
    pthread_mutex_lock(&t->cell->lock);
    bool there = org > 0 && kept->org == org; /* an empty place is firm 0's, which there is none of */
    if (there)
        memcpy(seed, kept->seed, sizeof kept->seed);
    pthread_mutex_unlock(&t->cell->lock);
    if (there)
        return 0;
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_ORG_NUMBERS, DB_ARGS(db_int(org)));
    if (r || (r = db_next(&c)) != 1)
        return r == 0 ? ERR_NOENT : fixed(r);
    struct str key = db_col_str(&c, 2);
    if (key.n != 32)
        return ERR_CORRUPT;
    memcpy(read.seed, key.p + 16, sizeof read.seed);
    memcpy(seed, read.seed, sizeof read.seed);
    pthread_mutex_lock(&t->cell->lock);
    *kept = read;
    pthread_mutex_unlock(&t->cell->lock);
    return 0;
}

static int64_t hash_of(const uint64_t seed[2], const struct known_key *k)
{
    char bytes[1 + KNOWN_TEXT_MAX];
    size_t n = k->key.n < KNOWN_TEXT_MAX ? k->key.n : KNOWN_TEXT_MAX;
    bytes[0] = (char)k->kind;
    memcpy(bytes + 1, k->key.p ? k->key.p : "", n);
    return (int64_t)(siphash13(seed, bytes, n + 1) >> 1);
}

struct rows {
    struct arena *arena;
    struct known_row *v;
    size_t n, cap;
};

static struct known_row *row_new(struct rows *rows)
{
    if (rows->n == rows->cap) {
        size_t cap = rows->cap ? 2 * rows->cap : AT_ONCE;
        struct known_row *v = arena_array(rows->arena, struct known_row, cap);
        if (rows->n)
            memcpy(v, rows->v, rows->n * sizeof *v);
        rows->v = v;
        rows->cap = cap;
    }
    return &rows->v[rows->n++];
}

/* Up to AT_ONCE keys whose first is `first`. */
static int read_some(struct txn *t, int64_t org, const int64_t *hash, size_t n, size_t first, struct rows *rows)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    struct db_val v[2 + AT_ONCE] = {db_int(org)};
    for (size_t i = 0; i < AT_ONCE; i++)
        v[1 + i] = db_int(hash[i < n ? i : 0]);
    v[1 + AT_ONCE] = db_int((int64_t)(KNOWN_ROWS_MAX - rows->n));
    int r = db_query(t->db, &c, SQL_KNOWN_READ, v, N_ELEMENTS(v));
    while (r == 0 && (r = db_next(&c)) == 1) {
        int64_t h = db_col_int(&c, 0);
        size_t i = 0;
        while (i < n && hash[i] != h)
            i++;
        *row_new(rows) = (struct known_row){.key = first + i,
                                            .value = arena_str(rows->arena, db_col_str(&c, 1)),
                                            .first_ms = db_col_int(&c, 2),
                                            .last_ms = db_col_int(&c, 3),
                                            .received = db_col_int(&c, 4),
                                            .sent = db_col_int(&c, 5)};
        r = 0;
    }
    return r;
}

int known_read(struct txn *t, int64_t org, const struct known_key *keys, size_t n, struct arena *a,
               struct known_row **out, size_t *n_out)
{
    uint64_t seed[2];
    int64_t hash[AT_ONCE];
    *n_out = 0;
    *out = NULL;
    if (n == 0)
        return 0;
    struct rows rows = {.arena = a};
    int r = seed_of(t, org, seed);
    for (size_t i = 0; i < n && r == 0 && rows.n < KNOWN_ROWS_MAX; i += AT_ONCE) {
        size_t some = n - i < AT_ONCE ? n - i : AT_ONCE;
        for (size_t k = 0; k < some; k++)
            hash[k] = hash_of(seed, &keys[i + k]);
        r = read_some(t, org, hash, some, i, &rows);
    }
    *out = rows.v;
    *n_out = rows.n;
    return fixed(r);
}

int known_add(struct txn *t, int64_t org, const struct known_key *key, struct str value, int64_t at_ms,
              int64_t received, int64_t sent)
{
    uint64_t seed[2];
    int r = seed_of(t, org, seed);
    if (r)
        return r;
    struct db_val hash = db_int(hash_of(seed, key)), text = db_text(txn_text(t->arena, value, KNOWN_TEXT_MAX));
    if (received == 0 && sent == 0)
        return fixed(
            db_run(t->db, SQL_KNOWN_ADD, DB_ARGS(db_int(org), hash, text, db_int(key->kind), db_int(at_ms)), NULL));
    return fixed(db_run(
        t->db, SQL_KNOWN_COUNT,
        DB_ARGS(db_int(org), hash, text, db_int(key->kind), db_int(at_ms), db_int(received), db_int(sent)), NULL));
}

int sender_get(struct txn *t, int64_t org, struct str key, struct sender_count *out)
{
    struct known_key k = {str_chr(key, '@', 0) >= 0 ? KNOWN_KIND_ADDRESS : KNOWN_KIND_DOMAIN, key};
    struct known_row *rows;
    size_t n;
    struct arena_mark mark = arena_mark(t->arena);
    int r = known_read(t, org, &k, 1, t->arena, &rows, &n);
    if (r == 0 && n > 0)
        *out = (struct sender_count){rows[0].first_ms, rows[0].last_ms, rows[0].received, rows[0].sent};
    arena_reset(t->arena, mark);
    return r < 0 ? r : n > 0;
}
