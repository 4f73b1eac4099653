#include "admin/trace.h"
#include "admin/init.h"
#include "admin/print.h"
#include "core/date.h"
#include "core/hash.h"
#include "store/refused.h"
#include "store/trace.h"

static int trace(struct admin_ctx *c, int argc, char **argv);

const struct admin_verb admin_trace_verbs[] = {
    {"trace", "ID",
     "Says where a mail is now and why, or why it was refused. ID stands in the reply that its sender got.", trace,
     ADMIN_STATE},
    {NULL, NULL, NULL, NULL, ADMIN_NO_STATE},
};

static const char *const verdicts[] = {[VERDICT_ACCEPT] = "accepted",
                                       [VERDICT_CAUTION] = "accepted with a caution",
                                       [VERDICT_JUNK] = "filed as junk",
                                       [VERDICT_HOLD] = "held",
                                       [VERDICT_REJECT] = "rejected"};

static const char *verdict_name(enum mail_verdict v)
{
    return (size_t)v < N_ELEMENTS(verdicts) ? verdicts[v] : "judged by a newer release";
}

static void print_time(FILE *out, int64_t ms)
{
    struct date d;
    date_from_ms(ms, &d);
    fprintf(out, "%04d-%02d-%02d %02d:%02d:%02d UTC", d.year, d.month, d.day, d.hour, d.minute, d.second);
}

static void print_text(FILE *out, struct str s) { (void)admin_print(out, s, ADMIN_PRINT_ALL); }

static void print_message(FILE *out, const struct trace_message *m)
{
    char id[ID_TEXT_MAX + 1];

    (void)id_text(m->message, id);
    fprintf(out, "    message %s, \"", id);
    print_text(out, m->email.subject);
    fprintf(out, "\": %s%s\n", verdict_name(m->email.verdict),
            m->email.held                      ? "; it waits for a person to release it"
            : m->email.verdict == VERDICT_HOLD ? "; a person released it"
                                               : "");
    if (m->email.findings.n > 2) {
        fputs("      findings: ", out);
        print_text(out, m->email.findings);
        fputc('\n', out);
    }
    for (size_t i = 0; i < m->n_places; i++) {
        fputs("      in \"", out);
        print_text(out, m->places[i].mailbox);
        fprintf(out, "\" as UID %lld%s%s%s\n", (long long)m->places[i].uid,
                m->places[i].stub ? ", a stand-in that says it is held" : "",
                m->places[i].flags & FLAG_SEEN ? ", read" : "",
                m->places[i].flags & FLAG_DELETED ? ", marked deleted" : "");
    }
}

static void print_trace(FILE *out, const struct trace *t)
{
    const struct mail_accepted *a = &t->accepted.row;

    fprintf(out, "%.*s was accepted ", STRF(a->id));
    print_time(out, a->at_ms);
    fputs(" from ", out);
    print_text(out, a->client);
    fputs(" (", out);
    print_text(out, a->helo);
    fputs("), sender <", out);
    print_text(out, a->reverse_path);
    fprintf(out, ">, %lld bytes; %s. Cell %lld, firm %lld.\n", (long long)a->size, verdict_name(a->verdict),
            (long long)t->cell, (long long)t->org);
    fprintf(out, "The 250 %s.\n",
            t->accepted.replied
                ? "was sent"
                : "may not have reached the sender; a second sending of the same mail is recognised for 5 days");
    if (t->authentication.n) {
        fputs("Who sent it: ", out);
        print_text(out, t->authentication);
        fputs(".\n", out);
    }
    for (size_t i = 0; i < t->n_recipients; i++) {
        const struct trace_recipient *r = &t->recipients[i];

        fputs("  for ", out);
        print_text(out, r->address);
        fputs(r->known ? ":\n" : ": there is no such account any more.\n", out);
        if (r->known && r->n_messages == 0)
            fputs("    it is in no mailbox any more: its owner removed it, or a rule did.\n", out);
        for (size_t k = 0; k < r->n_messages; k++)
            print_message(out, &r->messages[k]);
    }
}

static void print_refused(FILE *out, const struct refused *r)
{
    print_text(out, r->id);
    fputs(" was refused ", out);
    print_time(out, r->at_ms);
    fputs(": client ", out);
    print_text(out, r->client);
    fputs(" (", out);
    print_text(out, r->helo);
    fputs("), sender <", out);
    print_text(out, r->reverse_path);
    fputc('>', out);
    if (r->recipient.n) {
        fputs(", recipient <", out);
        print_text(out, r->recipient);
        fputc('>', out);
    }
    if (r->bytes)
        fprintf(out, ", %lld bytes read", (long long)r->bytes);
    fprintf(out, ".\nThe sender was told: %d ", r->code);
    print_text(out, r->enhanced);
    fputc(' ', out);
    print_text(out, r->reply);
    fprintf(out, "\n%s\n",
            r->code < 500
                ? "He may try again; nothing of it was kept."
                : "That is final for this mail: nothing of it was kept, its author gets a notice from his own server.");
}

static int look_in_spool(struct admin_ctx *c, struct str id)
{
    struct str dir = conf_s(&c->conf, CONF_SPOOL_LAST_RESORT);
    int64_t at = 0;
    int rc = dir.n ? spool_find(dir.p, id, &at) : 0;

    if (rc <= 0)
        return rc;
    fprintf(c->out, "%.*s was accepted ", STRF(id));
    print_time(c->out, at);
    if (rc == 1)
        fprintf(c->out,
                " while its cell could not be written. It waits in the spool of last resort %s and is delivered when "
                "the cell is back.\n",
                dir.p);
    else
        fprintf(c->out,
                ", and its spool file does not check. It is kept in %s/damaged; sender, recipients and text may still "
                "be readable there.\n",
                dir.p);
    return 1;
}

static int trace(struct admin_ctx *c, int argc, char **argv)
{
    AUTO(arena) struct arena a = {0};
    struct store_conf conf;
    struct store *s = NULL;
    struct trace t;
    struct err e = {0};
    int64_t down = 0;
    int rc = admin_words(c, argc, argv, 1, 1);

    if (rc != 0)
        return rc;
    arena_init(&a, ARENA_NO_LIMIT);
    admin_store_conf(c, &conf);
    conf.readonly = true;
    if (store_open(&s, &conf, c->env, &e) != 0)
        return admin_fail(c, &e);
    rc = store_trace(s, &a, str_c(argv[0]), &t, &down);
    if (rc == 1) {
        print_trace(c->out, &t);
    } else if (rc == 0) {
        struct refused refused;
        rc = store_refused(s, &a, str_c(argv[0]), &refused, &down);
        if (rc == 1)
            print_refused(c->out, &refused);
    }
    store_close(&s);
    if (rc == 0)
        rc = look_in_spool(c, str_c(argv[0]));
    if (rc == 1)
        return 0;
    if (rc < 0)
        (void)err_set(&e, rc, "The directory or the spool cannot be read (%s). Run `sigillo verify`.", err_name(rc));
    else if (down)
        (void)err_set(&e, ERR_NOENT,
                      "No cell that could be asked knows %.80s, but cell %lld could not be asked: run `sigillo verify "
                      "--cell %lld`.",
                      argv[0], (long long)down, (long long)down);
    else
        (void)err_set(&e, ERR_NOENT,
                      "No mail was accepted under the id %.80s, and none was refused. Ask the sender for the whole "
                      "last reply line (\"250 "
                      "... %.80s\").",
                      argv[0], argv[0]);
    return admin_fail(c, &e);
}
