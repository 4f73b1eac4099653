#include "admin/token.h"
#include "admin/control.h"

/* 0 and the reply (in a), or the exit status. */
static int ask(struct admin_ctx *c, struct arena *a, const char *verb, const struct control_field *f, size_t n,
               struct str *reply)
{
    struct err e = {0};
    int r = control_ask(a, c->state, verb, f, n, reply, &e);
    if (r == ERR_GONE || r == ERR_NOENT)
        err_set(&e, r, "No server runs on %s: start it first (sigillo serve), it alone can make and revoke tokens.",
                c->state);
    return r ? admin_fail(c, &e) : 0;
}

int admin_token_add(struct admin_ctx *c, int argc, char **argv)
{
    AUTO(arena) struct arena a;
    const char *name = "", *may = "read", *days = "365";
    struct str reply;
    arena_init(&a, ARENA_NO_LIMIT);
    (void)admin_option(&argc, argv, "--may", &may);
    (void)admin_option(&argc, argv, "--days", &days);
    if (!admin_option(&argc, argv, "--name", &name) || !name[0])
        return admin_usage(c, "--name TEXT is missing: what the token is for");
    int rc = admin_words(c, argc, argv, 1, 1);
    if (rc)
        return rc;
    rc = ask(c, &a, "token.add",
             (struct control_field[]){
                 {"address", str_c(argv[0])}, {"name", str_c(name)}, {"may", str_c(may)}, {"days", str_c(days)}},
             4, &reply);
    if (rc == 0)
        fprintf(c->out, "%.*s\n", STRF(control_value(reply, "token")));
    return rc;
}

int admin_token_list(struct admin_ctx *c, int argc, char **argv)
{
    AUTO(arena) struct arena a;
    struct str reply, line;
    arena_init(&a, ARENA_NO_LIMIT);
    int rc = admin_words(c, argc, argv, 1, 1);
    if (rc == 0)
        rc = ask(c, &a, "token.list", (struct control_field[]){{"address", str_c(argv[0])}}, 1, &reply);
    while (rc == 0 && str_token(&reply, '\n', &line))
        if (str_starts(line, STR("row ")))
            fprintf(c->out, "%.*s\n", STRF(str_from(line, 4)));
    return rc;
}

int admin_token_revoke(struct admin_ctx *c, int argc, char **argv)
{
    AUTO(arena) struct arena a;
    struct str reply;
    arena_init(&a, ARENA_NO_LIMIT);
    int rc = admin_words(c, argc, argv, 2, 2);
    return rc ? rc
              : ask(c, &a, "token.revoke",
                    (struct control_field[]){{"address", str_c(argv[0])}, {"number", str_c(argv[1])}}, 2, &reply);
}
