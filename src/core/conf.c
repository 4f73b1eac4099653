#include "core/conf.h"

#include <stdio.h>

#define VALUE_MAX 4096u
#define CONF_MEMORY ((size_t)1 << 20)

static int check_value(const struct conf_row *row, struct str v, struct err *e, const char *where);

const struct conf_row conf_table[CONF_COUNT] = {
#define CONF(id, key, kind, def, min, max, roles, help) [CONF_##id] = {key, kind, def, min, max, roles, help},
#include "core/conf.def"
#undef CONF
};

struct unit {
    const char *name;
    int64_t factor;
};
static const struct unit size_units[] = {{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"T", 1LL << 40}};
static const struct unit time_units[] = {{"", 1},      {"ms", 1},      {"s", 1000},
                                         {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

static bool number_with_unit(struct str v, const struct unit *units, size_t n, int64_t *out)
{
    size_t digits = 0;
    while (digits < v.n && ascii_is_digit(v.p[digits]))
        digits++;
    int64_t number;
    if (!str_i64(str_upto(v, digits), &number))
        return false;
    for (size_t i = 0; i < n; i++)
        if (str_ieq(str_from(v, digits), str_c(units[i].name)))
            return !__builtin_mul_overflow(number, units[i].factor, out);
    return false;
}

static bool is_true(struct str v) { return str_eq(v, STR("yes")) || str_eq(v, STR("true")) || str_eq(v, STR("1")); }
static bool is_false(struct str v) { return str_eq(v, STR("no")) || str_eq(v, STR("false")) || str_eq(v, STR("0")); }

static bool number_of(const struct conf_row *row, struct str v, int64_t *out)
{
    switch (row->kind) {
    case CONF_INT: return str_i64(v, out);
    case CONF_SIZE: return number_with_unit(v, size_units, N_ELEMENTS(size_units), out);
    case CONF_MS: return number_with_unit(v, time_units, N_ELEMENTS(time_units), out);
    case CONF_BOOL: *out = is_true(v); return is_true(v) || is_false(v);
    case CONF_STR:
    case CONF_ADDRS:
    case CONF_PATH:
    case CONF_ENUM: break;
    }
    return false;
}

static bool is_host_byte(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '*';
}

/* host:port or [v6]:port; the colon before the port is the last one. */
static bool is_address(struct str a)
{
    ptrdiff_t colon = str_rchr(a, ':');
    uint64_t port;
    if (colon < 1 || !str_u64(str_from(a, (size_t)colon + 1), &port) || port < 1 || port > 65535)
        return false;
    struct str host = str_upto(a, (size_t)colon);
    bool bracket = host.p[0] == '[';
    if (bracket) {
        if (host.n < 4 || host.p[host.n - 1] != ']')
            return false;
        host = (struct str){host.p + 1, host.n - 2};
    }
    for (size_t i = 0; i < host.n; i++)
        if (!is_host_byte(host.p[i]) || (host.p[i] == ':' && !bracket))
            return false;
    return true;
}

static bool is_address_list(struct str v)
{
    struct str one;
    if (v.n == 0)
        return true;
    while (str_token(&v, ',', &one))
        if (!is_address(str_trim(one)))
            return false;
    return true;
}

static bool is_choice(const struct conf_row *row, struct str v)
{
    struct str choices = str_c(row->def), one;
    while (str_token(&choices, '|', &one))
        if (str_eq(one, v))
            return true;
    return false;
}

static int check_number(const struct conf_row *row, struct str v, struct err *e, const char *where)
{
    static const char *const form[] = {
        [CONF_INT] = "a whole number",
        [CONF_BOOL] = "yes or no",
        [CONF_SIZE] = "a size such as 65536, 64K or 25M",
        [CONF_MS] = "a time such as 500ms, 10s or 5m",
    };
    int64_t number;
    if (!number_of(row, v, &number))
        return err_set(e, ERR_INVALID, "%s: %s is \"%.*s\", but must be %s. Nothing was started; correct the value.",
                       where, row->key, STRF(str_upto(v, 80)), form[row->kind]);
    if (row->kind != CONF_BOOL && (number < row->min || number > row->max))
        return err_set(e, ERR_INVALID,
                       "%s: %s is %.*s, but must lie between %lld and %lld. Nothing was started; correct the value.",
                       where, row->key, STRF(str_upto(v, 80)), (long long)row->min, (long long)row->max);
    return 0;
}

static int check_value(const struct conf_row *row, struct str v, struct err *e, const char *where)
{
    if (v.n > VALUE_MAX)
        return err_set(e, ERR_INVALID, "%s: the value of %s is longer than %u bytes. Shorten it.", where, row->key,
                       VALUE_MAX);
    /* A line break would forge a second key when a role's slice is written as text. */
    for (size_t i = 0; i < v.n; i++)
        if ((unsigned char)v.p[i] < 0x20 || v.p[i] == 0x7F)
            return err_set(e, ERR_INVALID, "%s: the value of %s has a control character. Remove it.", where, row->key);
    switch (row->kind) {
    case CONF_STR:
    case CONF_PATH: return 0;
    case CONF_ADDRS:
        if (is_address_list(v))
            return 0;
        return err_set(e, ERR_INVALID,
                       "%s: %s is \"%.*s\", but must be host:port, several separated by commas, e.g. 127.0.0.1:2525 or "
                       "[::1]:2525.",
                       where, row->key, STRF(str_upto(v, 200)));
    case CONF_ENUM:
        if (is_choice(row, v))
            return 0;
        return err_set(e, ERR_INVALID, "%s: %s is \"%.*s\", but must be one of %s.", where, row->key,
                       STRF(str_upto(v, 80)), row->def);
    case CONF_INT:
    case CONF_BOOL:
    case CONF_SIZE:
    case CONF_MS: return check_number(row, v, e, where);
    }
    return err_set(e, ERR_INVALID, "%s: %s has no kind", where, row->key);
}

void conf_init(struct conf *c)
{
    *c = (struct conf){.set = {false}};
    arena_init(&c->arena, CONF_MEMORY);
    for (size_t i = 0; i < CONF_COUNT; i++) {
        struct str def = str_c(conf_table[i].def), rest;
        if (conf_table[i].kind == CONF_ENUM)
            str_cut(def, '|', &def, &rest);
        c->value[i] = def;
    }
}

void conf_free(struct conf *c) { arena_free(&c->arena); }

const struct conf_row *conf_find(struct str key)
{
    for (size_t i = 0; i < CONF_COUNT; i++)
        if (str_eq(key, str_c(conf_table[i].key)))
            return &conf_table[i];
    return NULL;
}

/* The key that shares the longest beginning with a mistyped one. */
static const char *nearest(struct str key)
{
    size_t best = 2;
    const char *name = NULL;
    for (size_t i = 0; i < CONF_COUNT; i++) {
        const char *k = conf_table[i].key;
        size_t n = 0;
        while (n < key.n && k[n] && k[n] == key.p[n])
            n++;
        if (n > best) {
            best = n;
            name = k;
        }
    }
    return name;
}

int conf_put(struct conf *c, struct str key, struct str value, const char *where, struct err *e)
{
    const struct conf_row *row = conf_find(key);
    if (!row) {
        const char *near = nearest(key);
        return err_set(e, ERR_INVALID,
                       "%s: there is no setting \"%.*s\"%s%s%s. Run `sigillo config explain` for the list.", where,
                       STRF(str_upto(key, 80)), near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
    }
    int rc = check_value(row, value, e, where);
    if (rc)
        return rc;
    char *copy = arena_try(&c->arena, value.n + 1);
    if (!copy)
        return err_set(e, ERR_LIMIT, "%s: the settings are larger than %zu bytes in all", where, CONF_MEMORY);
    if (value.n)
        memcpy(copy, value.p, value.n);
    copy[value.n] = 0;
    c->value[row - conf_table] = (struct str){copy, value.n};
    c->set[row - conf_table] = true;
    return 0;
}

int conf_parse(struct conf *c, struct str text, const char *where, struct err *e)
{
    bool seen[CONF_COUNT] = {false};
    struct str line;
    for (unsigned number = 1; text.n && str_token(&text, '\n', &line); number++) {
        struct str key, value;
        char at[160];
        snprintf(at, sizeof at, "%s line %u", where, number);
        if (line.n == 0)
            continue;
        if (!str_cut(line, '=', &key, &value))
            return err_set(e, ERR_INVALID, "%s: \"%.*s\" is not key=value", at, STRF(str_upto(line, 80)));
        const struct conf_row *row = conf_find(key);
        if (row && seen[row - conf_table])
            return err_set(e, ERR_INVALID, "%s: %s is given a second time. Remove one of the two.", at, row->key);
        int rc = conf_put(c, key, value, at, e);
        if (rc)
            return rc;
        seen[row - conf_table] = true;
    }
    return 0;
}

void conf_dump(const struct conf *c, unsigned roles, struct buf *out)
{
    for (size_t i = 0; i < CONF_COUNT; i++) {
        if (!(conf_table[i].roles & roles))
            continue;
        buf_addz(out, conf_table[i].key);
        buf_addc(out, '=');
        buf_adds(out, c->value[i]);
        buf_addc(out, '\n');
    }
}

struct str conf_s(const struct conf *c, enum conf_id id) { return c->value[id]; }

int64_t conf_i(const struct conf *c, enum conf_id id)
{
    int64_t v = 0;
    return number_of(&conf_table[id], c->value[id], &v) ? v : 0;
}

bool conf_b(const struct conf *c, enum conf_id id) { return is_true(c->value[id]); }
