#include "admin/salvage.h"
#include "admin/init.h"
#include "store/salvage.h"

static int salvage(struct admin_ctx *c, int argc, char **argv);

const struct admin_verb admin_salvage_verbs[] = {
    {"salvage", "--cell N --out NEWSTATE [--out-url URL]",
     "Builds a new state with that cell from its packs alone, for when its database is lost and there is no good "
     "backup. The old state is not changed.",
     salvage, ADMIN_STATE},
    {NULL, NULL, NULL, NULL, ADMIN_NO_STATE},
};

static void say(void *arg, const char *sentence) { fprintf((FILE *)arg, "%s\n", sentence); }

static void print_result(struct admin_ctx *c, const struct salvage_result *r, const char *out)
{
    fprintf(c->out,
            "Salvaged into %s: %lld firms, %lld accounts, %lld messages in %lld places, out of %lld packs (%lld "
            "damaged parts).\n",
            out, (long long)r->firms, (long long)r->accounts, (long long)r->messages, (long long)r->placements,
            (long long)r->packs, (long long)r->damaged);
    fprintf(
        c->out,
        "%lld are still held; %lld that had been removed stay removed; of %lld nothing is left but their numbers.\n",
        (long long)r->held, (long long)r->removed, (long long)r->lost);
    if (r->uncertain)
        fprintf(c->out,
                "%lld were written last, and whether their senders were told \"accepted\" is not known: they are in "
                "\"" SALVAGE_BOX "\". Read them; some may come again.\n",
                (long long)r->uncertain);
    if (r->passwords < r->accounts)
        fprintf(c->out,
                "%lld accounts have no password now, because the old database could not be asked: set them with "
                "`sigillo user password`.\n",
                (long long)(r->accounts - r->passwords));
    fprintf(c->out, "A new epoch has begun: mail programs read their mailboxes again. Copy sigillo.conf and keys/ into "
                    "the folder, run `sigillo verify`, then start the server. "
                    "Keep the old state until you have looked.\n");
}

static int salvage(struct admin_ctx *c, int argc, char **argv)
{
    struct store_conf conf, to;
    struct salvage_result r;
    const char *cell = "1", *out = NULL, *url = NULL;
    struct err e = {0};
    int64_t id;
    int rc;

    (void)admin_option(&argc, argv, "--cell", &cell);
    if (!str_i64(str_c(cell), &id) || id < 1)
        return admin_usage(c, "--cell takes the number of a cell, from 1");
    if (!admin_option(&argc, argv, "--out", &out) || !*out)
        return admin_usage(c, "--out names the folder of the new state");
    (void)admin_option(&argc, argv, "--out-url", &url);
    if ((rc = admin_words(c, argc, argv, 0, 0)) != 0)
        return rc;
    admin_store_conf(c, &conf);
    to = conf;
    to.state = out;
    to.url = url;
    to.low_water = 0;
    if (conf.engine == DB_POSTGRESQL && !url)
        return admin_usage(c, "--out-url names an empty PostgreSQL database for the new state");
    if (store_salvage(&conf, c->env, id, &to, say, c->err, &r, &e) != 0)
        return admin_fail(c, &e);
    print_result(c, &r, out);
    return 0;
}
