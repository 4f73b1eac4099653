#pragma once
/* The command line: sigillo VERB [WORD]... [--option VALUE]... Verbs are rows of tables, one table a file, listed in
 * table.c. verb_main takes --state DIR and --set key=value out of the arguments, becomes the owner of the state folder,
 * reads its sigillo.conf, finds the verb and runs it. Exit status: 0 done, 1 failed (the sentence is on stderr), 2
 * wrong usage. */
#include "core/conf.h"
#include "core/env.h"
#include <stdio.h>

enum admin_need {
    ADMIN_NO_STATE,  /* --state is refused */
    ADMIN_MAY_STATE, /* the folder is read when --state is given */
    ADMIN_STATE,     /* must exist; the process is its owner when run() begins */
    ADMIN_NEW_STATE, /* --state is required; run() makes the folder and becomes its owner itself; no sigillo.conf is
                        read */
};
struct admin_ctx {
    struct conf conf;  /* file, then --set; "state" included */
    const char *state; /* absolute once the folder exists; NULL when not given */
    const struct env *env;
    FILE *in, *out, *err;
    const struct admin_verb *verb;
};
struct admin_verb {
    const char *name;  /* "init", or two words: "user add" */
    const char *usage; /* what follows the name: "ADDRESS --name TEXT --password-stdin" */
    const char *help;  /* one sentence */
    int (*run)(struct admin_ctx *c, int argc,
               char **argv); /* argv: the words after the name; returns the exit status */
    enum admin_need need;
};
/* Ends with a row whose name is NULL. */
extern const struct admin_verb *const admin_tables[];

int verb_main(int argc, char **argv);

/* For run(). Takes "--name VALUE" or "--name=VALUE" out of argv: true when it was there. A missing value counts as "".
 */
bool admin_option(int *argc, char **argv, const char *name, const char **value);
bool admin_flag(int *argc, char **argv, const char *name);
/* After the options were taken: what is left must be least..most words and no option. 0, or 2 with the usage printed.
 */
int admin_words(struct admin_ctx *c, int argc, char **argv, int least, int most);
int admin_usage(struct admin_ctx *c, const char *why) COLD;    /* prints why and the usage; returns 2 */
int admin_fail(struct admin_ctx *c, const struct err *e) COLD; /* prints the sentence; returns 1 */
/* One line of in, without its end, for --password-stdin. ERR_INVALID: none, or longer than max - 1. */
int admin_read_line(struct admin_ctx *c, char *line, size_t max, struct err *e) MUST_USE;
