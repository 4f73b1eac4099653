#include "store/manifest.h"
#include "core/hash.h"
#include "store/pack_format.h"

#define FIRST_WORDS "sigillo-backup "
#define FORMAT 1

static const char *const kind_names[MANIFEST_KINDS] = {"db", "part", "conf"};
static const char *const engine_names[] = {[DB_SQLITE] = "sqlite", [DB_POSTGRESQL] = "postgresql"};

static bool path_ok(struct str path);
static bool hash_get(struct str hex, uint8_t out[SHA256_LEN]);
static bool entry_parse(struct str line, struct manifest_entry *e);
static bool number(struct str *line, int64_t *out);

void manifest_add(struct manifest *m, struct arena *a, const struct manifest_entry *entry)
{
    if (m->n == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 64;
        struct manifest_entry *p = arena_array(a, struct manifest_entry, cap);

        if (m->n)
            memcpy(p, m->entries, m->n * sizeof *p);
        m->entries = p;
        m->cap = cap;
    }
    m->entries[m->n++] = *entry;
}

void manifest_write(const struct manifest *m, struct buf *out)
{
    uint8_t sum[SHA256_LEN];

    buf_clear(out);
    buf_printf(out, FIRST_WORDS "%d\nat %lld engine %s\n", FORMAT, (long long)m->at_ms, engine_names[m->engine]);
    for (size_t i = 0; i < m->n; i++) {
        const struct manifest_entry *e = &m->entries[i];

        buf_printf(out, "%s %lld %lld %lld ", kind_names[e->kind], (long long)e->cell, (long long)e->from,
                   (long long)e->to);
        hex_put(out, str_n(e->sha256, SHA256_LEN));
        buf_printf(out, " %.*s\n", STRF(e->path));
    }
    if (!out->err && pack_sha256(buf_str(out), sum) != 0)
        out->err = BUF_FULL;
    buf_addz(out, "end ");
    hex_put(out, str_n(sum, SHA256_LEN));
    buf_addc(out, '\n');
}

/* Only what backup itself makes: a list must not be able to name a file outside its folder. */
static bool path_ok(struct str path)
{
    if (path.n == 0 || path.n > 200 || path.p[0] == '/' || str_find(path, STR(".."), 0) >= 0)
        return false;
    for (size_t i = 0; i < path.n; i++)
        if (!ascii_is_alpha(path.p[i]) && !ascii_is_digit(path.p[i]) && !memchr("._-/", path.p[i], 4))
            return false;
    return true;
}

/* One way to write a thing: hex in upper case would pass hex_get. */
static bool hash_get(struct str hex, uint8_t out[SHA256_LEN])
{
    for (size_t i = 0; i < hex.n; i++)
        if (hex.p[i] >= 'A' && hex.p[i] <= 'F')
            return false;
    return hex_get(hex, out, SHA256_LEN);
}

static bool number(struct str *line, int64_t *out)
{
    struct str word;
    uint64_t v;

    if (!str_token(line, ' ', &word) || word.n == 0 || (word.n > 1 && word.p[0] == '0') || !str_u64(word, &v) ||
        v > INT64_MAX)
        return false;
    *out = (int64_t)v;
    return true;
}

static bool entry_parse(struct str line, struct manifest_entry *e)
{
    struct str kind, sha;

    if (!str_token(&line, ' ', &kind))
        return false;
    for (e->kind = 0; e->kind < MANIFEST_KINDS && !str_eq(kind, str_c(kind_names[e->kind])); e->kind++)
        ;
    if (e->kind == MANIFEST_KINDS || !number(&line, &e->cell) || !number(&line, &e->from) || !number(&line, &e->to) ||
        !str_token(&line, ' ', &sha))
        return false;
    e->path = line;
    return hash_get(sha, e->sha256) && e->from <= e->to && path_ok(line);
}

int manifest_parse(struct str text, struct arena *a, struct manifest *m)
{
    struct str rest = text, line, left, right;
    uint8_t sum[SHA256_LEN], want[SHA256_LEN];
    ptrdiff_t end;

    *m = (struct manifest){0};
    if (text.n > MANIFEST_MAX || text.n < 2 || text.p[text.n - 1] != '\n')
        return ERR_CORRUPT;
    end = str_rchr(str_upto(text, text.n - 1), '\n') + 1;
    line = str_upto(str_from(text, (size_t)end), text.n - 1 - (size_t)end);
    if (!str_starts(line, STR("end ")) || !hash_get(str_from(line, 4), want) ||
        pack_sha256(str_upto(text, (size_t)end), sum) != 0 || memcmp(sum, want, SHA256_LEN) != 0)
        return ERR_CORRUPT;
    rest = str_upto(text, (size_t)end);
    if (!str_token(&rest, '\n', &line) || !str_starts(line, str_c(FIRST_WORDS)))
        return ERR_CORRUPT;
    line = str_from(line, strlen(FIRST_WORDS));
    if (!str_eq(line, STR("1")))
        return ERR_VERSION;
    if (!str_token(&rest, '\n', &line) || !str_starts(line, STR("at ")) ||
        !str_cut(str_from(line, 3), ' ', &left, &right) || !number(&left, &m->at_ms) ||
        !str_starts(right, STR("engine ")))
        return ERR_CORRUPT;
    right = str_from(right, 7);
    m->engine = str_eq(right, STR("postgresql")) ? DB_POSTGRESQL : DB_SQLITE;
    if (!str_eq(right, str_c(engine_names[m->engine])))
        return ERR_CORRUPT;
    while (rest.n) {
        struct manifest_entry e = {0};

        if (!str_token(&rest, '\n', &line) || !entry_parse(line, &e))
            return ERR_CORRUPT;
        manifest_add(m, a, &e);
    }
    return 0;
}

int64_t manifest_end(const struct manifest *m, struct str path)
{
    int64_t end = 0;

    for (size_t i = 0; i < m->n; i++)
        if (str_eq(m->entries[i].path, path) && m->entries[i].to > end)
            end = m->entries[i].to;
    return end;
}
