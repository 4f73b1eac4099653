#include "admin/config.h"
#include "os/role_table.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int show(struct admin_ctx *c, int argc, char **argv);
static int check(struct admin_ctx *c, int argc, char **argv);
static int explain(struct admin_ctx *c, int argc, char **argv);
static int docs(struct admin_ctx *c, int argc, char **argv);

const struct admin_verb admin_config_verbs[] = {
    {"config show", "[KEY] [--state DIR]", "Prints the settings in force; passwords in them are hidden.", show,
     ADMIN_MAY_STATE},
    {"config check", "[--state DIR]", "Reads sigillo.conf and says what is wrong with it.", check, ADMIN_MAY_STATE},
    {"config explain", "[KEY]", "Says what a setting does, its default and its bounds; without KEY: all of them.",
     explain, ADMIN_NO_STATE},
    {"config docs", "", "Prints docs/configuration.md.", docs, ADMIN_NO_STATE},
    {NULL, NULL, NULL, NULL, ADMIN_NO_STATE},
};

static const char *const role_names[] = {"supervisor", "net", "scan", "dns", "keys", "jobs", "migrate", "command line"};

#define NUMBER_MAX 32u

/* The number as it would be written in the file. */
static const char *number_text(const struct conf_row *row, int64_t v, char t[NUMBER_MAX])
{
    static const struct {
        enum conf_kind kind;
        int64_t factor;
        const char *unit;
    } units[] = {{CONF_SIZE, 1LL << 40, "T"}, {CONF_SIZE, 1 << 30, "G"}, {CONF_SIZE, 1 << 20, "M"},
                 {CONF_SIZE, 1 << 10, "K"},   {CONF_MS, 3600000, "h"},   {CONF_MS, 60000, "m"},
                 {CONF_MS, 1000, "s"},        {CONF_MS, 1, "ms"}};
    for (size_t i = 0; i < N_ELEMENTS(units); i++)
        if (units[i].kind == row->kind && v != 0 && v % units[i].factor == 0) {
            snprintf(t, NUMBER_MAX, "%lld%s", (long long)(v / units[i].factor), units[i].unit);
            return t;
        }
    snprintf(t, NUMBER_MAX, "%lld", (long long)v);
    return t;
}

static void put_form(FILE *out, const struct conf_row *row)
{
    char low[NUMBER_MAX], high[NUMBER_MAX];
    switch (row->kind) {
    case CONF_STR: fputs("text", out); return;
    case CONF_PATH: fputs("path", out); return;
    case CONF_BOOL: fputs("yes or no", out); return;
    case CONF_ADDRS: fputs("host:port, several separated by commas", out); return;
    case CONF_ENUM:
        for (const char *p = row->def; *p; p++)
            *p == '|' ? fputs(" or ", out) : fputc(*p, out);
        return;
    case CONF_INT: fputs("number", out); break;
    case CONF_SIZE: fputs("size (K, M, G, T)", out); break;
    case CONF_MS: fputs("time (ms, s, m, h, d)", out); break;
    }
    fprintf(out, ", %s to %s", number_text(row, row->min, low), number_text(row, row->max, high));
}

static struct str default_of(const struct conf_row *row)
{
    struct str first = str_c(row->def), rest;
    if (row->kind == CONF_ENUM)
        str_cut(first, '|', &first, &rest);
    return first;
}

static void put_roles(FILE *out, unsigned roles)
{
    const char *gap = "";
    if (roles == ROLE_ALL) {
        fputs("all", out);
        return;
    }
    for (size_t i = 0; i < N_ELEMENTS(role_names); i++)
        if (roles & 1u << i) {
            fprintf(out, "%s%s", gap, role_names[i]);
            gap = ", ";
        }
}

/* libpq knows two forms: "password=x" among key=value words, and scheme://user:x@host. */
static void put_hidden(FILE *out, struct str v)
{
    ptrdiff_t word = str_ifind(v, STR("password="), 0), scheme = str_find(v, STR("://"), 0);
    size_t from = 0, to = 0;
    if (word >= 0) {
        from = (size_t)word + 9;
        bool quoted = from < v.n && v.p[from] == '\'';
        ptrdiff_t end = quoted ? str_chr(v, '\'', from + 1) : str_chr(v, scheme >= 0 ? '&' : ' ', from);
        to = end < 0 ? v.n : (size_t)end + quoted;
    } else if (scheme >= 0) {
        ptrdiff_t at = str_rchr(v, '@'), colon = str_chr(v, ':', (size_t)scheme + 3);
        if (colon >= 0 && at > colon) {
            from = (size_t)colon + 1;
            to = (size_t)at;
        }
    }
    if (to > from)
        fprintf(out, "%.*s(hidden)%.*s", (int)from, v.p, STRF(str_from(v, to)));
    else
        fprintf(out, "%.*s", STRF(v));
}

static void show_one(struct admin_ctx *c, size_t i)
{
    fprintf(c->out, "%s = ", conf_table[i].key);
    put_hidden(c->out, c->conf.value[i]);
    fputs(c->conf.set[i] ? "\n" : "   (default)\n", c->out);
}

static const struct conf_row *row_or_complain(struct admin_ctx *c, const char *key)
{
    const struct conf_row *row = conf_find(str_c(key));
    if (!row)
        fprintf(c->err, "sigillo: there is no setting \"%s\". Run `sigillo config explain` for the list.\n", key);
    return row;
}

static int show(struct admin_ctx *c, int argc, char **argv)
{
    int rc = admin_words(c, argc, argv, 0, 1);
    if (rc)
        return rc;
    if (argc == 1) {
        const struct conf_row *row = row_or_complain(c, argv[0]);
        if (!row)
            return 1;
        show_one(c, (size_t)(row - conf_table));
        return 0;
    }
    for (size_t i = 0; i < CONF_COUNT; i++)
        show_one(c, i);
    return 0;
}

/* What one value cannot tell: settings that must agree with each other or with the disk. */
static int check_together(struct admin_ctx *c, struct err *e)
{
    const struct conf *conf = &c->conf;
    struct str resort = conf_s(conf, CONF_SPOOL_LAST_RESORT);
    struct stat cell, spool;
    if (str_eq(conf_s(conf, CONF_DB_ENGINE), STR("postgresql")) && conf_s(conf, CONF_DB_URL).n == 0)
        return err_set(
            e, ERR_INVALID,
            "db.engine is postgresql but db.url is empty. Set db.url, e.g. \"host=/run/postgresql dbname=sigillo\".");
    int r = role_table_check(conf, e);
    if (r != 0 || resort.n == 0)
        return r;
    if (stat(resort.p, &spool) != 0 || !S_ISDIR(spool.st_mode))
        return err_set(e, ERR_NOENT,
                       "spool.last_resort: %s is not a folder (%s). Make it, owned by the owner of the state folder.",
                       resort.p, strerror(errno));
    if (c->state && stat(c->state, &cell) == 0 && cell.st_dev == spool.st_dev)
        return err_set(e, ERR_INVALID,
                       "spool.last_resort: %s lies on the same device as %s, so it would fail with it. Name a folder "
                       "on another device.",
                       resort.p, c->state);
    return 0;
}

static int check(struct admin_ctx *c, int argc, char **argv)
{
    struct err e = {0};
    size_t n = 0;
    int rc = admin_words(c, argc, argv, 0, 0);
    if (rc)
        return rc;
    if (check_together(c, &e))
        return admin_fail(c, &e);
    for (size_t i = 0; i < CONF_COUNT; i++)
        n += c->conf.set[i] && i != CONF_STATE;
    fprintf(c->out, "good: %zu settings given, %zu by default\n", n, (size_t)CONF_COUNT - 1 - n);
    return 0;
}

static void explain_one(struct admin_ctx *c, const struct conf_row *row)
{
    struct str def = default_of(row);
    fprintf(c->out, "%s\n    %s\n    form:    ", row->key, row->help);
    put_form(c->out, row);
    fprintf(c->out, "\n    default: %.*s\n    seen by: ", STRF(def.n ? def : STR("(empty)")));
    put_roles(c->out, row->roles);
    fputc('\n', c->out);
}

static int explain(struct admin_ctx *c, int argc, char **argv)
{
    int rc = admin_words(c, argc, argv, 0, 1);
    if (rc)
        return rc;
    if (argc == 1) {
        const struct conf_row *row = row_or_complain(c, argv[0]);
        if (!row)
            return 1;
        explain_one(c, row);
        return 0;
    }
    for (size_t i = 0; i < CONF_COUNT; i++)
        explain_one(c, &conf_table[i]);
    return 0;
}

static void docs_row(FILE *out, const struct conf_row *row)
{
    struct str def = default_of(row);
    fprintf(out, "| `%s` | ", row->key);
    put_form(out, row);
    if (def.n)
        fprintf(out, " | `%.*s` | ", STRF(def));
    else
        fputs(" | | ", out);
    for (const char *p = row->help; *p; p++)
        fprintf(out, *p == '<' || *p == '|' ? "\\%c" : "%c", *p);
    fputs(" |\n", out);
}

void admin_config_docs(FILE *out)
{
    fputs("# Settings\n\n"
          "Made from `src/core/conf.def` by `sigillo config docs`; `make check` refuses a difference.\n\n"
          "A running server reads `sigillo.conf` in its state folder, then `--set section.name=value` of the command "
          "line, which wins. The file is\n"
          "made of sections and names; what stands below as `smtp.listen` is written\n\n"
          "```ini\n[smtp]\nlisten = 0.0.0.0:25, [::]:25\n```\n\n"
          "`;` or `#` at the beginning of a line, or `;` after a space, begins a remark. A name that is unknown, "
          "stands twice or is out of its bounds is an\n"
          "error that names the line and the cure, and nothing is started. `sigillo config check --state DIR` says so "
          "beforehand.\n\n"
          "| setting | form | default | what it does |\n|---|---|---|---|\n",
          out);
    for (size_t i = 0; i < CONF_COUNT; i++)
        docs_row(out, &conf_table[i]);
}

static int docs(struct admin_ctx *c, int argc, char **argv)
{
    int rc = admin_words(c, argc, argv, 0, 0);
    if (rc == 0)
        admin_config_docs(c->out);
    return rc;
}
