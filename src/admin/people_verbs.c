/* user add, user password, user quota, domain add, firm add, firm list, counterparty add. Where a server runs on the state they go through its
 * control socket. */
#include "admin/control.h"
#include "admin/init.h"
#include "admin/password.h"
#include "admin/people.h"
#include "admin/token.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

static int user_add(struct admin_ctx *c, int argc, char **argv);
static int user_password(struct admin_ctx *c, int argc, char **argv);
static int user_quota(struct admin_ctx *c, int argc, char **argv);
static int firm_add(struct admin_ctx *c, int argc, char **argv);
static int firms(struct admin_ctx *c, int argc, char **argv);
static int domain_add_verb(struct admin_ctx *c, int argc, char **argv);
static int domain_remove_verb(struct admin_ctx *c, int argc, char **argv);
static int cell_add(struct admin_ctx *c, int argc, char **argv);
static int party_add(struct admin_ctx *c, int argc, char **argv);

const struct admin_verb admin_people_verbs[] = {
    {"user add", "ADDRESS --name TEXT --password-stdin",
     "Makes an account; its password is the first line of standard input.", user_add, ADMIN_STATE},
    {"user password", "ADDRESS --password-stdin [--keep-tokens]",
     "Sets a new password for an account: its sessions end, and its app tokens are revoked unless --keep-tokens is "
     "given.",
     user_password, ADMIN_STATE},
    {"user quota", "ADDRESS BYTES",
     "Sets how much an account may keep, as 500M or 2G; 0 is without limit. Mail beyond it is deferred (452).",
     user_quota, ADMIN_STATE},
    {"token add", "ADDRESS --name TEXT [--may read,write,admin,metrics] [--days 365]",
     "Makes an app token for a program and prints it, once; without --may it can only read.", admin_token_add,
     ADMIN_STATE},
    {"token list", "ADDRESS", "Lists the app tokens of an account: number, rights, dates, name.", admin_token_list,
     ADMIN_STATE},
    {"token revoke", "ADDRESS NUMBER", "Ends an app token.", admin_token_revoke, ADMIN_STATE},
    {"firm add", "NAME --domain DOMAIN", "Makes a firm with its first domain.", firm_add, ADMIN_STATE},
    {"firm list", "", "Lists the firms of this state with their number, cell and first domain.", firms, ADMIN_STATE},
    {"domain add", "DOMAIN --firm DOMAIN",
     "Gives the firm that has one domain a further one, at once: a firm's own administrator must prove it by DNS.",
     domain_add_verb, ADMIN_STATE},
    {"domain remove", "DOMAIN", "Takes a domain from its firm, when no address is in it and it is not the last.",
     domain_remove_verb, ADMIN_STATE},
    {"cell add", "", "Makes a further cell (database and packs of its own): new firms go into it.", cell_add,
     ADMIN_STATE},
    {"counterparty add", "DOMAIN --name TEXT --iban IBAN [--firm DOMAIN]",
     "Puts a payment detail on file as verified: do this only after calling back on a number already known.", party_add,
     ADMIN_STATE},
    {NULL, NULL, NULL, NULL, ADMIN_NO_STATE},
};

void admin_store_conf(const struct admin_ctx *c, struct store_conf *out)
{
    const struct conf *conf = &c->conf;
    *out = (struct store_conf){.state = c->state,
                               .engine =
                                   str_eq(conf_s(conf, CONF_DB_ENGINE), STR("postgresql")) ? DB_POSTGRESQL : DB_SQLITE,
                               .url = conf_s(conf, CONF_DB_URL).p,
                               .group_ms = 0,
                               .writers = 1,
                               .readers = 1,
                               .low_water = conf_i(conf, CONF_CELL_LOW_WATER)};
}

static int alone(struct admin_ctx *c, int (*fn)(struct store *, const struct people_args *, struct err *),
                 const struct people_args *p)
{
    struct err e = {0};
    struct store_conf sc;
    struct store *s;
    admin_store_conf(c, &sc);
    if (store_open(&s, &sc, c->env, &e) != 0)
        return admin_fail(c, &e);
    int r = fn(s, p, &e);
    store_close(&s);
    return r ? admin_fail(c, &e) : 0;
}

int admin_perform(struct admin_ctx *c, const char *verb, const struct control_field *f, size_t n,
                  int (*fn)(struct store *, const struct people_args *, struct err *), const struct people_args *p)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct err e = {0};
    struct str reply;
    int r = control_ask(&a, c->state, verb, f, n, &reply, &e);
    if (r == 0)
        return 0;
    if (r != ERR_GONE && r != ERR_NOENT)
        return admin_fail(c, &e);
    return alone(c, fn, p);
}

static int read_password(struct admin_ctx *c, char hash[PASSWORD_HASH_TEXT])
{
    char line[PASSWORD_MAX + 2];
    struct err e = {0};
    int r = admin_read_line(c, line, sizeof line, &e);
    if (r == 0)
        r = password_hash(str_c(line), hash, &e);
    sodium_memzero(line, sizeof line);
    return r ? admin_fail(c, &e) : 0;
}

static int user_add(struct admin_ctx *c, int argc, char **argv)
{
    const char *name = "";
    char hash[PASSWORD_HASH_TEXT];
    (void)admin_option(&argc, argv, "--name", &name);
    if (!admin_flag(&argc, argv, "--password-stdin"))
        return admin_usage(c, "--password-stdin is missing: the password is never taken from the command line");
    int rc = admin_words(c, argc, argv, 1, 1);
    if (rc || (rc = read_password(c, hash)) != 0)
        return rc;
    struct people_args p = {.address = str_c(argv[0]), .name = str_c(name), .hash = str_c(hash)};
    rc = admin_perform(c, "user.add",
                       (struct control_field[]){{"address", p.address}, {"name", p.name}, {"hash", p.hash}}, 3,
                       people_add_user, &p);
    if (rc == 0)
        fprintf(c->out, "made %s\n", argv[0]);
    return rc;
}

static int user_password(struct admin_ctx *c, int argc, char **argv)
{
    char hash[PASSWORD_HASH_TEXT];
    if (!admin_flag(&argc, argv, "--password-stdin"))
        return admin_usage(c, "--password-stdin is missing");
    bool keep = admin_flag(&argc, argv, "--keep-tokens");
    int rc = admin_words(c, argc, argv, 1, 1);
    if (rc || (rc = read_password(c, hash)) != 0)
        return rc;
    char who[64];
    snprintf(who, sizeof who, "operator (uid %ld)", (long)getuid());
    struct people_args p = {.address = str_c(argv[0]),
                            .hash = str_c(hash),
                            .tokens = keep ? STR("keep") : STR("revoke"),
                            .who = str_c(who)};
    return admin_perform(
        c, "user.password",
        (struct control_field[]){{"address", p.address}, {"hash", p.hash}, {"tokens", p.tokens}, {"who", p.who}}, 4,
        people_set_password, &p);
}

static int user_quota(struct admin_ctx *c, int argc, char **argv)
{
    int rc = admin_words(c, argc, argv, 2, 2);
    if (rc)
        return rc;
    struct people_args p = {.address = str_c(argv[0]), .quota = str_c(argv[1])};
    return admin_perform(c, "user.quota", (struct control_field[]){{"address", p.address}, {"quota", p.quota}}, 2,
                         people_set_quota, &p);
}

static int firm_add(struct admin_ctx *c, int argc, char **argv)
{
    const char *domain = NULL;
    if (!admin_option(&argc, argv, "--domain", &domain))
        return admin_usage(c, "--domain DOMAIN is missing");
    int rc = admin_words(c, argc, argv, 1, 1);
    if (rc)
        return rc;
    struct people_args p = {.firm = str_c(argv[0]), .domain = str_c(domain)};
    rc = admin_perform(c, "firm.add", (struct control_field[]){{"firm", p.firm}, {"domain", p.domain}}, 2,
                       people_add_firm, &p);
    if (rc == 0)
        fprintf(c->out, "made %s\n", argv[0]);
    return rc;
}

static int domain_verb(struct admin_ctx *c, int argc, char **argv, const char *verb, const char *firm,
                       int (*fn)(struct store *, const struct people_args *, struct err *))
{
    char who[64];
    int rc = admin_words(c, argc, argv, 1, 1);
    if (rc)
        return rc;
    snprintf(who, sizeof who, "operator (uid %ld)", (long)getuid());
    struct people_args p = {.domain = str_c(argv[0]), .firm = str_c(firm), .who = str_c(who)};
    return admin_perform(c, verb, (struct control_field[]){{"domain", p.domain}, {"firm", p.firm}, {"who", p.who}}, 3,
                         fn, &p);
}

static int domain_add_verb(struct admin_ctx *c, int argc, char **argv)
{
    const char *firm = NULL;
    if (!admin_option(&argc, argv, "--firm", &firm))
        return admin_usage(c, "--firm DOMAIN is missing: a domain that the firm has");
    return domain_verb(c, argc, argv, "domain.add", firm, people_add_domain);
}

static int domain_remove_verb(struct admin_ctx *c, int argc, char **argv)
{
    return domain_verb(c, argc, argv, "domain.remove", "", people_remove_domain);
}

static int firms(struct admin_ctx *c, int argc, char **argv)
{
    int rc = admin_words(c, argc, argv, 0, 0);
    if (rc)
        return rc;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct err e = {0};
    struct store_conf sc;
    struct store *s;
    struct firm_row *rows;
    size_t n;
    admin_store_conf(c, &sc);
    sc.readonly = true;
    if (store_open(&s, &sc, c->env, &e) != 0)
        return admin_fail(c, &e);
    int r = firm_list(s, &a, &rows, &n);
    store_close(&s);
    if (r) {
        err_set(&e, r, "the directory cannot be read (%s)", err_name(r));
        return admin_fail(c, &e);
    }
    for (size_t i = 0; i < n; i++)
        fprintf(c->out, "%lld cell %lld %.*s %s %.*s\n", (long long)rows[i].org, (long long)rows[i].cell,
                STRF(rows[i].domain), rows[i].active ? "active" : "pending", STRF(rows[i].name));
    return 0;
}

static int add_cell(struct store *s, const struct people_args *p UNUSED, struct err *e)
{
    int64_t id;
    return store_add_cell(s, &id, e);
}

/* Not through the server: it finds the cell in the directory when the first firm is in it. */
static int cell_add(struct admin_ctx *c, int argc, char **argv)
{
    int rc = admin_words(c, argc, argv, 0, 0);
    return rc ? rc : alone(c, add_cell, NULL);
}

static int party_add(struct admin_ctx *c, int argc, char **argv)
{
    const char *name = "", *iban = NULL, *firm = "";
    char who[64];
    (void)admin_option(&argc, argv, "--name", &name);
    (void)admin_option(&argc, argv, "--firm", &firm);
    if (!admin_option(&argc, argv, "--iban", &iban))
        return admin_usage(c, "--iban IBAN is missing");
    int rc = admin_words(c, argc, argv, 1, 1);
    if (rc)
        return rc;
    snprintf(who, sizeof who, "operator (uid %ld)", (long)getuid());
    struct people_args p = {
        .party = str_c(argv[0]), .name = str_c(name), .iban = str_c(iban), .domain = str_c(firm), .who = str_c(who)};
    return admin_perform(
        c, "counterparty.add",
        (struct control_field[]){
            {"party", p.party}, {"name", p.name}, {"iban", p.iban}, {"domain", p.domain}, {"who", p.who}},
        5, people_add_party, &p);
}
