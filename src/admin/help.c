#include "admin/help.h"

static int help(struct admin_ctx *c, int argc, char **argv);
static int version(struct admin_ctx *c, int argc, char **argv);

const struct admin_verb admin_help_verbs[] = {
    {"help", "[VERB]", "Shows the verbs, or the usage of one.", help, ADMIN_NO_STATE},
    {"version", "", "Shows the version.", version, ADMIN_NO_STATE},
    {NULL, NULL, NULL, NULL, ADMIN_NO_STATE},
};

void admin_print_verbs(FILE *out)
{
    fputs("sigillo serve --state DIR [--set KEY=VALUE]...\n    Runs the server in the foreground; SIGTERM ends it.\n",
          out);
    for (size_t t = 0; admin_tables[t]; t++)
        for (const struct admin_verb *v = admin_tables[t]; v->name; v++)
            fprintf(out, "sigillo %s%s%s%s\n    %s\n", v->name, v->need >= ADMIN_STATE ? " --state DIR" : "",
                    *v->usage ? " " : "", v->usage, v->help);
    fputs("Every verb that takes --state also takes --set KEY=VALUE, which stands above the file DIR/sigillo.conf.\n",
          out);
}

static bool matches(const char *name, int argc, char **argv)
{
    struct str rest = str_c(name), word;
    for (int i = 0; i < argc; i++)
        if (!str_token(&rest, ' ', &word) || !str_eq(word, str_c(argv[i])))
            return false;
    return true;
}

static int help(struct admin_ctx *c, int argc, char **argv)
{
    bool any = false;
    if (argc == 0) {
        admin_print_verbs(c->out);
        return 0;
    }
    for (size_t t = 0; admin_tables[t]; t++)
        for (const struct admin_verb *v = admin_tables[t]; v->name; v++)
            if (matches(v->name, argc, argv)) {
                fprintf(c->out, "sigillo %s%s %s\n    %s\n", v->name, v->need >= ADMIN_STATE ? " --state DIR" : "",
                        v->usage, v->help);
                any = true;
            }
    return any ? 0 : admin_usage(c, "there is no such verb");
}

static int version(struct admin_ctx *c, int argc, char **argv)
{
    int rc = admin_words(c, argc, argv, 0, 0);
    if (rc == 0)
        fprintf(c->out, "sigillo %s\n", SIGILLO_VERSION);
    return rc;
}
