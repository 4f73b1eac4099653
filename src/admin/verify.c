#include "admin/verify.h"
#include "admin/init.h"
#include "core/json.h"
#include "store/verify.h"

static int verify(struct admin_ctx *c, int argc, char **argv);
static void print_text(void *arg, const struct verify_finding *f);
static void print_json(void *arg, const struct verify_finding *f);

const struct admin_verb admin_verify_verbs[] = {
    {"verify", "[--cell N] [--fix] [--json]",
     "Reads every row and every byte of the packs and names each damage; beside a running server. Gives a sound cell "
     "back that "
     "an I/O error had made read-only. Exit status 1: damage was found.",
     verify, ADMIN_STATE},
    {NULL, NULL, NULL, NULL, ADMIN_NO_STATE},
};

static void print_text(void *arg, const struct verify_finding *f)
{
    FILE *out = arg;

    if (f->cell)
        fprintf(out, "cell %lld: ", (long long)f->cell);
    else
        fputs("directory: ", out);
    fprintf(out, "%s%s: %.*s\n", f->name, f->fixed ? " (mended)" : f->damage ? "" : " (note)", STRF(f->what));
    if (f->file.n && f->offset >= 0 && f->length >= 0)
        fprintf(out, "  where: %.*s, offset %lld, %lld bytes\n", STRF(f->file), (long long)f->offset,
                (long long)f->length);
    else if (f->file.n)
        fprintf(out, "  where: %.*s\n", STRF(f->file));
    fprintf(out, "  means: %.*s\n", STRF(f->means));
    if (f->cure.n && !f->fixed)
        fprintf(out, "  do:    %.*s\n", STRF(f->cure));
}

static void print_json(void *arg, const struct verify_finding *f)
{
    AUTO(buf) struct buf b;
    struct json_w w;

    buf_init(&b, 65536);
    json_init(&w, &b);
    json_obj(&w);
    json_kint(&w, "cell", f->cell);
    json_kstr(&w, "name", str_c(f->name));
    json_kbool(&w, "damage", f->damage && !f->fixed);
    json_kbool(&w, "fixed", f->fixed);
    json_kstr(&w, "file", f->file);
    json_kint(&w, "offset", f->offset);
    json_kint(&w, "length", f->length);
    json_kstr(&w, "what", f->what);
    json_kstr(&w, "means", f->means);
    json_kstr(&w, "do", f->cure);
    json_obj_end(&w);
    fprintf((FILE *)arg, "%.*s\n", STRF(buf_str(&b)));
}

static int verify(struct admin_ctx *c, int argc, char **argv)
{
    struct store_conf conf;
    struct verify_conf v = {.only_cell = -1, .arg = c->out};
    struct verify_result r;
    const char *cell = NULL;
    bool json = admin_flag(&argc, argv, "--json");
    struct err e = {0};
    int rc;

    v.fix = admin_flag(&argc, argv, "--fix");
    v.found = json ? print_json : print_text;
    if (admin_option(&argc, argv, "--cell", &cell) && (!str_i64(str_c(cell), &v.only_cell) || v.only_cell < 1))
        return admin_usage(c, "--cell takes the number of a cell, from 1");
    if ((rc = admin_words(c, argc, argv, 0, 0)) != 0)
        return rc;
    admin_store_conf(c, &conf);
    if (store_verify(&conf, c->env, &v, &r, &e) != 0)
        return admin_fail(c, &e);
    fprintf(json ? c->err : c->out,
            "%s: %lld cell%s, %lld accounts, %lld messages in %lld places, %lld contents, %lld packs with %lld records "
            "(%lld bytes).\n",
            r.damage ? "damaged" : "sound", (long long)r.cells, r.cells == 1 ? "" : "s", (long long)r.accounts,
            (long long)r.messages, (long long)r.placements, (long long)r.blobs, (long long)r.packs,
            (long long)r.records, (long long)r.pack_bytes);
    if (r.damage)
        fprintf(
            json ? c->err : c->out,
            "%lld damages were found, %lld were mended. What is sound goes on working; what to do stands with each.\n",
            (long long)r.damage, (long long)r.fixed);
    return r.damage ? 1 : 0;
}
