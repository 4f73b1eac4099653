#include "admin/verb.h"
#include "admin/help.h"
#include "os/owner.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SETS_MAX 64

static void take_out(int *argc, char **argv, int at, int n)
{
    memmove(argv + at, argv + at + n, sizeof *argv * (size_t)(*argc - at - n));
    *argc -= n;
}

bool admin_option(int *argc, char **argv, const char *name, const char **value)
{
    size_t n = strlen(name);
    for (int i = 0; i < *argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            return false;
        if (strncmp(argv[i], name, n) != 0 || (argv[i][n] != 0 && argv[i][n] != '='))
            continue;
        bool joined = argv[i][n] == '=';
        *value = joined ? argv[i] + n + 1 : i + 1 < *argc ? argv[i + 1] : "";
        take_out(argc, argv, i, joined || i + 1 == *argc ? 1 : 2);
        return true;
    }
    return false;
}

bool admin_flag(int *argc, char **argv, const char *name)
{
    for (int i = 0; i < *argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], name) == 0) {
            take_out(argc, argv, i, 1);
            return true;
        }
    return false;
}

int admin_usage(struct admin_ctx *c, const char *why)
{
    fprintf(c->err, "sigillo: %s\n", why);
    if (c->verb)
        fprintf(c->err, "usage: sigillo %s%s %s\n", c->verb->name, c->verb->need >= ADMIN_STATE ? " --state DIR" : "",
                c->verb->usage);
    return 2;
}

int admin_fail(struct admin_ctx *c, const struct err *e)
{
    fprintf(c->err, "sigillo: %s\n", e->text[0] ? e->text : err_name(e->code));
    return 1;
}

int admin_words(struct admin_ctx *c, int argc, char **argv, int least, int most)
{
    char why[200];
    for (int i = 0; i < argc; i++)
        if (argv[i][0] == '-' && argv[i][1]) {
            snprintf(why, sizeof why, "there is no option %.80s here", argv[i]);
            return admin_usage(c, why);
        }
    if (argc < least)
        return admin_usage(c, "something is missing");
    if (argc > most) {
        snprintf(why, sizeof why, "\"%.80s\" is one word too many", argv[most]);
        return admin_usage(c, why);
    }
    return 0;
}

int admin_read_line(struct admin_ctx *c, char *line, size_t max, struct err *e)
{
    if (!fgets(line, (int)max, c->in))
        return err_set(e, ERR_INVALID, "nothing came on standard input");
    size_t n = strcspn(line, "\r\n");
    if (line[n] == 0 && n + 1 == max) { /* full before the end of the line was seen: one that just fits is good */
        int next = getc(c->in);
        if (next == '\r')
            next = getc(c->in);
        if (next != EOF && next != '\n')
            return err_set(e, ERR_INVALID, "the line on standard input is longer than %zu bytes", max - 1);
    }
    line[n] = 0;
    return 0;
}

/* The longest name wins: "user add" before "user". */
static const struct admin_verb *find(int argc, char **argv, int *words)
{
    const struct admin_verb *best = NULL;
    *words = 0;
    for (size_t t = 0; admin_tables[t]; t++)
        for (const struct admin_verb *v = admin_tables[t]; v->name; v++) {
            struct str rest = str_c(v->name), word;
            int n = 0;
            while (n < argc && str_token(&rest, ' ', &word) && str_eq(word, str_c(argv[n])))
                n++;
            bool whole = n > 0 && rest.p == NULL && (size_t)(word.p + word.n - v->name) == strlen(v->name) &&
                         str_eq(word, str_c(argv[n - 1]));
            if (whole && n > *words) {
                best = v;
                *words = n;
            }
        }
    return best;
}

static int apply_sets(struct admin_ctx *c, const char **sets, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct str key, value;
        if (!str_cut(str_c(sets[i]), '=', &key, &value))
            return err_set(e, ERR_INVALID, "--set %.80s: write key=value", sets[i]);
        int rc = conf_put(&c->conf, key, value, "--set", e);
        if (rc)
            return rc;
    }
    return 0;
}

/* Ends as the owner of the folder: from there on nothing is read or written as root. */
static int enter_state(struct admin_ctx *c, char path[PATH_MAX], struct err *e)
{
    struct owner owner;
    char file[PATH_MAX + 16];
    if (!realpath(c->state, path))
        return err_set(e, err_from_errno(errno), "%s: %m. Make it with `sigillo init --state %s ...`.", c->state,
                       c->state);
    c->state = path;
    int rc = owner_of(path, &owner, e);
    if (!rc)
        rc = owner_can_use(path, &owner, e);
    if (!rc)
        rc = owner_become(&owner, e);
    if (rc)
        return rc;
    snprintf(file, sizeof file, "%s/sigillo.conf", path);
    rc = conf_file(&c->conf, file, e);
    return rc == ERR_NOENT ? 0 : rc;
}

static int prepare(struct admin_ctx *c, char path[PATH_MAX], const char **sets, size_t n, struct err *e)
{
    int rc = 0;
    if (c->state && c->verb->need != ADMIN_NEW_STATE)
        rc = enter_state(c, path, e);
    if (!rc)
        rc = apply_sets(c, sets, n, e);
    if (!rc && c->state)
        rc = conf_put(&c->conf, STR("state"), str_c(c->state), "--state", e);
    return rc;
}

static int run(struct admin_ctx *c, int argc, char **argv)
{
    static char help[] = "help", version[] = "version";
    const char *sets[SETS_MAX];
    size_t n = 0;
    char path[PATH_MAX];
    struct err e = {0};
    int words;
    while (n < SETS_MAX && admin_option(&argc, argv, "--set", &sets[n]))
        n++;
    if (!admin_option(&argc, argv, "--state", &c->state))
        c->state = NULL;
    if (argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0))
        argv[0] = help;
    else if (argc > 0 && strcmp(argv[0], "--version") == 0)
        argv[0] = version;
    c->verb = find(argc, argv, &words);
    if (!c->verb) {
        if (argc > 0)
            fprintf(c->err, "sigillo: there is no verb \"%s\"\n", argv[0]);
        admin_print_verbs(c->err);
        return 2;
    }
    if (admin_flag(&argc, argv, "--help"))
        return admin_usage(c, c->verb->help), 0;
    if (c->state && c->verb->need == ADMIN_NO_STATE)
        return admin_usage(c, "this verb takes no --state");
    if (!(c->state && *c->state) && c->verb->need >= ADMIN_STATE)
        return admin_usage(c, "--state DIR is missing");
    if (prepare(c, path, sets, n, &e))
        return admin_fail(c, &e);
    return c->verb->run(c, argc - words, argv + words);
}

int verb_main(int argc, char **argv)
{
    struct admin_ctx c = {.env = env_system(), .in = stdin, .out = stdout, .err = stderr};
    conf_init(&c.conf);
    int rc = run(&c, argc - 1, argv + 1);
    conf_free(&c.conf);
    if (fflush(stdout) != 0 && rc == 0) {
        fprintf(stderr, "sigillo: cannot write the answer: %m\n");
        rc = 1;
    }
    return rc;
}
