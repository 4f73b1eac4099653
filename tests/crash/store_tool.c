/* The store without the server, for the crash suite: writes numbered messages and says on standard output, one line
 * each, what became of them.
 *
 *   store_tool create STATE                     a firm with four people
 *   store_tool load STATE PREFIX COUNT THREADS SEED    messages PREFIX-<thread>-<n>; reads tokens to send again on
 * standard input store_tool list STATE                       everything that is there, every byte read store_tool check
 * STATE                      verify, then list store_tool follow STATE                     prints each new Email as a
 * follower of /changes sees it, until standard input ends
 *
 * Engine: SQLite, or PostgreSQL when CRASH_PG_URL is set (schemas CRASH_PG_PREFIX_..., node name CRASH_NODE).
 * SIGILLO_FAULT with the role "store".
 *
 * Lines of load: "try T" before, then one of "durable T ACCOUNT UID", "refused T CODE", "unknown T"; the same with
 * "gone", "flagged" and "moved". What was said is a promise: the driver holds the store to it. The bytes of a message
 * follow from its token, so that a reader can tell any damage. */
#include "core/fault.h"
#include "core/hash.h"
#include "core/log.h"
#include "mime/address.h"
#include "store/account.h"
#include "store/mail.h"
#include "store/read.h"
#include "store/salvage.h"
#include "store/store.h"
#include "store/verify.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PEOPLE 4
#define TOKEN_MAX 64
#define LIST_MAX 1000000
#define PATIENT_TRIES 600 /* 50 ms apart and more */

struct tool {
    struct store_conf conf;
    struct store *store;
    struct cell *cell;
    int64_t org;
    struct place_of who[PEOPLE];
};
static struct tool T;

/* The fault shim spares the threads that stand for the outside world. */
static void shim_spare(void)
{
    void (*spare)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "crash_shim_spare");
    if (spare)
        spare();
}

static void shim_arm(int on)
{
    void (*arm)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "crash_shim_arm");
    if (arm)
        arm(on);
}

/* One write call a line: a line is whole or not there when the process is killed. */
static void say(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void say(const char *fmt, ...)
{
    char line[2048];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line - 1, fmt, ap);
    va_end(ap);
    if (n < 0)
        abort();
    n = n < (int)sizeof line - 2 ? n : (int)sizeof line - 2;
    line[n++] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)n) != n)
        _exit(3); /* the driver is gone */
}

static int fail(const char *what, const struct err *e)
{
    fprintf(stderr, "store_tool: %s: %s\n", what, e->text);
    return 1;
}

/* ---- messages ---- */

static uint64_t mix(uint64_t *s)
{
    uint64_t z = (*s += 0x9e3779b97f4a7c15ULL);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

/* Mostly small; some larger than a page or a SQLite overflow chain, few larger than a pack batch's first piece. */
static size_t body_size(uint64_t *s)
{
    uint64_t kind = mix(s) % 64;
    return kind == 0 ? 20000 + mix(s) % 60000 : kind < 8 ? 4000 + mix(s) % 8000 : 100 + mix(s) % 1500;
}

static struct str body_of(struct arena *a, const char *token)
{
    static const char hex[] = "0123456789abcdef";
    uint64_t s = hash64(str_c(token));
    size_t want = body_size(&s);
    char *p = arena_alloc(a, want + 512);
    size_t n = (size_t)snprintf(p, 512,
                                "From: Anna <anna@cliente.example>\r\nTo: u@azienda.example\r\nSubject: %s\r\n"
                                "Message-ID: <%s@cliente.example>\r\n\r\n",
                                token, token);
    for (size_t i = 0; i < want; i += 16) {
        uint64_t v = mix(&s);
        for (size_t k = 0; k < 16; k++)
            p[n++] = k == 15 && i % 64 == 48 ? '\n' : hex[v >> (4 * k) & 15];
    }
    return str_n(p, n);
}

static struct str stub_of(struct arena *a, const char *token)
{
    return arena_printf(a, "Subject: held\r\n\r\nA message was held: %s\r\n", token);
}

static int person_of(const char *token) { return (int)(hash64(str_c(token)) >> 7) % PEOPLE & (PEOPLE - 1); }
static bool is_held(const char *token) { return (hash64(str_c(token)) >> 20) % 11 == 0; }

enum { RESENT = 77 };
struct one {
    char token[TOKEN_MAX];
    const struct place_of *to;
    struct arena arena;
    struct blob_draft blob, stub;
    struct blob_draft *drafts[2];
    size_t n_drafts;
    struct mail_draft d;
    struct mail_accepted accepted;
    char replied[TOKEN_MAX]; /* an earlier one whose "durable" was said */
    bool hold;
    int64_t uid, to_uid;
    uint32_t flags;
};

static void one_prepare(struct one *o, const char *token)
{
    struct arena *a = &o->arena;
    snprintf(o->token, sizeof o->token, "%s", token);
    struct str body = body_of(a, o->token), id = arena_printf(a, "%s@cliente.example", o->token);
    o->to = &T.who[person_of(token)];
    o->hold = is_held(token);
    o->d = (struct mail_draft){.blob = &o->blob,
                               .structure = STR("structure"),
                               .insight = arena_printf(a, "insight of %s", o->token),
                               .insight_version = 1,
                               .message_id = id,
                               .subject = str_c(o->token),
                               .subject_base = str_c(o->token),
                               .from = {STR("Anna"), STR("anna@cliente.example")},
                               .received_ms = env_wall_ms(env_system()),
                               .preview = STR("preview"),
                               .verdict = o->hold ? VERDICT_HOLD : VERDICT_ACCEPT,
                               .accepted_id = str_c(o->token)};
    o->accepted = (struct mail_accepted){.id = str_c(o->token),
                                         .client = STR("127.0.0.1"),
                                         .helo = STR("client.example"),
                                         .reverse_path = STR("anna@cliente.example"),
                                         .recipients = STR("u@azienda.example"),
                                         .size = (int64_t)body.n,
                                         .at_ms = o->d.received_ms};
    if (blob_prepare(a, T.org, body, &o->blob) != 0 || blob_prepare(a, T.org, stub_of(a, token), &o->stub) != 0)
        abort();
    memcpy(o->accepted.key, o->blob.sha256, SHA256_LEN);
    o->drafts[0] = &o->blob;
    o->drafts[1] = &o->stub;
    o->n_drafts = o->hold ? 2 : 1;
}

static int deliver_fn(struct txn *t, void *arg)
{
    struct one *o = arg;
    struct str first;
    int64_t message, thread, inbox, account = o->to->account;
    int r = *o->replied ? mail_accepted_replied(t, T.org, str_c(o->replied)) : 0;
    if (r == 0)
        r = mail_resend_find(t, T.org, o->accepted.key, &first);
    if (r)
        return r == 1 ? RESENT : r;
    if (o->hold) {
        r = mail_hold(t, T.org, account, &o->d, &o->stub, &message);
    } else {
        r = mail_add(t, T.org, account, &o->d, &message, &thread);
        if (r == 0)
            r = mail_role_mailbox(t, T.org, account, ROLE_INBOX, &inbox);
        if (r == 0)
            r = mail_place(t, T.org, account, inbox, message, &o->blob, o->d.received_ms, 0, &o->uid);
    }
    return r ? r : mail_accepted_add(t, T.org, &o->accepted);
}

static int change_fn(struct txn *t, void *arg)
{
    struct one *o = arg;
    int64_t inbox, archive, account = o->to->account;
    int r = mail_role_mailbox(t, T.org, account, ROLE_INBOX, &inbox);
    if (r)
        return r;
    if (o->flags)
        return mail_set_flags(t, T.org, account, inbox, o->uid, o->flags, 0);
    if (!o->to_uid)
        return mail_unplace(t, T.org, account, inbox, o->uid);
    r = mail_role_mailbox(t, T.org, account, ROLE_ARCHIVE, &archive);
    return r ? r : mail_move(t, T.org, account, inbox, o->uid, archive, &o->to_uid);
}

/* ---- load ---- */

struct loader {
    pthread_t thread;
    char prefix[TOKEN_MAX / 2];
    int ix, count, threads;
    int tries; /* a patient sender tries the same message again until it is taken */
    uint64_t seed;
    char (*again)[TOKEN_MAX];
    size_t n_again;
    char last[TOKEN_MAX], replied[TOKEN_MAX];
    int64_t last_uid;
};

static void outcome_say(const char *word, const struct one *o, int outcome, int code)
{
    if (outcome == CELL_DURABLE)
        say("%s %s %lld %lld", word, o->token, (long long)o->to->account, (long long)(o->to_uid ? o->to_uid : o->uid));
    else if (outcome == CELL_UNKNOWN)
        say("unknown %s %s", o->token, word);
    else
        say("refused %s %s %s", o->token, word, code < 0 ? err_name(code) : code == RESENT ? "resent" : "other");
}

static int deliver(struct loader *l, const char *token)
{
    struct one o = {0};
    int code = 0;
    arena_init(&o.arena, ARENA_NO_LIMIT);
    one_prepare(&o, token);
    snprintf(o.replied, sizeof o.replied, "%s", l->replied);
    say("try %s", token);
    int outcome = cell_write_wait(T.cell, deliver_fn, &o, o.drafts, o.n_drafts, &code);
    if (outcome == CELL_REFUSED && code == RESENT)
        say("durable %s %lld 0", token, (long long)o.to->account); /* as intake answers: 250 with the first id */
    else
        outcome_say("durable", &o, outcome, code);
    *l->last = *l->replied = 0;
    if (outcome == CELL_DURABLE) {
        snprintf(l->replied, sizeof l->replied, "%s", token);
        l->last_uid = o.uid;
        if (!o.hold)
            snprintf(l->last, sizeof l->last, "%s", token);
    }
    arena_free(&o.arena);
    return outcome == CELL_DURABLE || (outcome == CELL_REFUSED && code == RESENT) ? 0 : -1;
}

/* Some messages are changed after their "durable": a removal, a flag, a move that are said to be done hold as well. */
static void change(struct loader *l, uint64_t *rng)
{
    static const char *const words[] = {"gone", "flagged", "moved"};
    uint64_t what = mix(rng) % 12;
    if (what >= N_ELEMENTS(words) || !*l->last)
        return;
    struct one o = {.to = &T.who[person_of(l->last)],
                    .uid = l->last_uid,
                    .flags = what == 1 ? FLAG_FLAGGED : 0,
                    .to_uid = what == 2};
    int code = 0;
    snprintf(o.token, sizeof o.token, "%s", l->last);
    say("try-%s %s", words[what], o.token);
    int outcome = cell_write_wait(T.cell, change_fn, &o, NULL, 0, &code);
    outcome_say(words[what], &o, outcome, code);
}

static void *loader_main(void *arg)
{
    struct loader *l = arg;
    uint64_t rng = l->seed + (uint64_t)l->ix * 7919;
    shim_spare();
    for (size_t i = (size_t)l->ix; i < l->n_again; i += (size_t)l->threads)
        (void)deliver(l, l->again[i]);
    for (int n = 0; n < l->count; n++) {
        char token[TOKEN_MAX];
        snprintf(token, sizeof token, "%s-%d-%d", l->prefix, l->ix, n);
        for (int tries = 1; deliver(l, token) != 0 && tries < l->tries; tries++)
            usleep(50000);
        change(l, &rng);
    }
    return NULL;
}

static char (*read_again(size_t *n))[TOKEN_MAX]
{
    char line[256], (*out)[TOKEN_MAX] = NULL;
    *n = 0;
    while (!isatty(STDIN_FILENO) && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        out = realloc(out, (*n + 1) * sizeof *out);
        if (!out)
            abort();
        snprintf(out[(*n)++], TOKEN_MAX, "%.63s", line);
    }
    return out;
}

static int load(char **argv)
{
    int count = atoi(argv[1]), threads = atoi(argv[2]);
    size_t n_again;
    char(*again)[TOKEN_MAX] = read_again(&n_again);
    struct loader *l = calloc((size_t)threads, sizeof *l);
    if (!l)
        return 1;
    for (int i = 0; i < threads; i++) {
        l[i] = (struct loader){.ix = i,
                               .count = count,
                               .threads = threads,
                               .tries = getenv("CRASH_PATIENT") ? PATIENT_TRIES : 1,
                               .seed = strtoull(argv[3], NULL, 10),
                               .again = again,
                               .n_again = n_again};
        snprintf(l[i].prefix, sizeof l[i].prefix, "%s", argv[0]);
        if (pthread_create(&l[i].thread, NULL, loader_main, &l[i]) != 0)
            return 1;
    }
    for (int i = 0; i < threads; i++)
        pthread_join(l[i].thread, NULL);
    struct cell_stats s;
    cell_stats(T.cell, &s);
    const char *why;
    enum cell_state state = cell_state(T.cell, &why);
    say("end groups %llu state %s", (unsigned long long)s.groups,
        state == CELL_OK         ? "ok"
        : state == CELL_DOWN     ? "down"
        : state == CELL_DISK_LOW ? "low"
                                 : "readonly");
    free(again);
    free(l);
    return 0;
}

/* ---- list ---- */

struct listing {
    struct arena arena;
    int person;
    struct read_mailbox *box;
    size_t n_box;
    struct item {
        size_t box;
        int64_t uid, message;
        uint32_t flags;
        struct mail_loc loc;
    } * items;
    size_t n, cap;
};

static void item_add(struct listing *l, struct item it)
{
    if (l->n == l->cap) {
        l->cap = l->cap * 2 + 256;
        l->items = realloc(l->items, l->cap * sizeof *l->items);
        if (!l->items)
            abort();
    }
    l->items[l->n++] = it;
}

static int list_held(struct txn *t, struct listing *l, size_t box)
{
    struct read_page page;
    const struct place_of *w = &T.who[l->person];
    struct read_query q = {.mailbox = l->box[box].id, .ascending = true, .limit = READ_PAGE_MAX};
    int r;
    do {
        r = read_query(t, &l->arena, w->org, w->account, &q, &page);
        for (size_t i = 0; i < page.n && r == 0; i++) {
            struct item it = {.box = box, .message = page.ids[i]};
            r = mail_blob_any(t, w->org, w->account, it.message, &it.loc, NULL);
            r = r == 1 ? 0 : r == 0 ? ERR_NOENT : r;
            item_add(l, it);
        }
        q.position += (int64_t)page.n;
    } while (r == 0 && page.n > 0);
    return r;
}

static int list_box(struct txn *t, struct listing *l, size_t box)
{
    const struct place_of *w = &T.who[l->person];
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_CHANGES_PLACEMENT,
                     DB_ARGS(db_int(w->org), db_int(w->account), db_int(l->box[box].id), db_int(0), db_int(LIST_MAX)));
    size_t first = l->n;
    while (r == 0 && (r = db_next(&c)) == 1) {
        item_add(l, (struct item){.box = box, .uid = db_col_int(&c, 0), .flags = (uint32_t)db_col_int(&c, 1)});
        r = 0;
    }
    db_end(&c);
    for (size_t i = first; i < l->n && r == 0; i++) {
        r = mail_placement_blob(t, w->org, w->account, l->box[box].id, l->items[i].uid, &l->items[i].loc);
        r = r == 1 ? 0 : r == 0 ? ERR_NOENT : r;
    }
    return r;
}

static int list_fn(struct txn *t, void *arg)
{
    struct listing *l = arg;
    const struct place_of *w = &T.who[l->person];
    l->n = 0;
    int r = read_mailboxes(t, &l->arena, w->org, w->account, &l->box, &l->n_box);
    for (size_t i = 0; i < l->n_box && r == 0; i++)
        r = l->box[i].role == ROLE_HELD ? list_held(t, l, i) : list_box(t, l, i);
    return r;
}

static void token_in(struct str bytes, const char *after, char out[TOKEN_MAX])
{
    const char *p = memmem(bytes.p, bytes.n, after, strlen(after));
    size_t n = 0;
    for (p = p ? p + strlen(after) : bytes.p + bytes.n;
         p < bytes.p + bytes.n && (unsigned char)*p > ' ' && n < TOKEN_MAX - 1; p++)
        out[n++] = *p;
    out[n] = 0;
}

static void item_say(const struct listing *l, const struct item *it)
{
    struct arena a = {0};
    arena_init(&a, ARENA_NO_LIMIT);
    struct str plain;
    char token[TOKEN_MAX];
    const struct read_mailbox *box = &l->box[it->box];
    int r = pack_read_blob(cell_packs(T.cell), it->loc.loc, it->loc.sha256, &a, &plain);
    if (r) {
        say("bad account %lld mailbox %lld uid %lld: its bytes cannot be read: %s", (long long)T.who[l->person].account,
            (long long)box->id, (long long)it->uid, err_name(r));
    } else {
        token_in(plain, "Subject: ", token);
        bool stub = strcmp(token, "held") == 0;
        if (stub)
            token_in(plain, "was held: ", token);
        if (!str_eq(plain, stub ? stub_of(&a, token) : body_of(&a, token)))
            say("bad account %lld mailbox %lld uid %lld: not the bytes that were sent",
                (long long)T.who[l->person].account, (long long)box->id, (long long)it->uid);
        say("%s %lld %d %lld %s %u", stub ? "stub" : "msg", (long long)T.who[l->person].account, (int)box->role,
            (long long)it->uid, token, it->flags);
    }
    arena_free(&a);
}

static int list(void)
{
    for (int p = 0; p < PEOPLE; p++) {
        struct listing l = {.person = p};
        arena_init(&l.arena, ARENA_NO_LIMIT);
        int r = cell_read_wait(T.cell, list_fn, &l);
        if (r)
            say("bad account %lld: its rows cannot be read: %s", (long long)T.who[p].account, err_name(r));
        for (size_t i = 0; i < l.n_box && r == 0; i++)
            say("box %lld %d %lld %lld %lld %lld", (long long)T.who[p].account, (int)l.box[i].role,
                (long long)l.box[i].uidvalidity, (long long)l.box[i].uidnext, (long long)l.box[i].modseq,
                (long long)l.box[i].id);
        for (size_t i = 0; i < l.n && r == 0; i++)
            item_say(&l, &l.items[i]);
        free(l.items);
        arena_free(&l.arena);
    }
    say("listed");
    return 0;
}

/* ---- follow ---- */

struct follower {
    struct arena arena;
    int person;
    struct read_state state;
    struct read_changes ch;
    struct read_email *emails;
    size_t n;
};

static int follow_fn(struct txn *t, void *arg)
{
    struct follower *f = arg;
    const struct place_of *w = &T.who[f->person];
    f->n = 0;
    f->ch.n_created = 0;
    int r = read_changes(t, &f->arena, w->org, w->account, SYNC_EMAIL, f->state, 500, &f->ch);
    return r || !f->ch.n_created
               ? r
               : read_emails(t, &f->arena, w->org, w->account, f->ch.created, f->ch.n_created, &f->emails, &f->n);
}

static int start_fn(struct txn *t, void *arg)
{
    struct follower *f = arg;
    const struct place_of *w = &T.who[f->person];
    return read_state(t, w->org, w->account, SYNC_EMAIL, &f->state);
}

static void *end_with_stdin(void *arg UNUSED)
{
    char c;
    while (read(STDIN_FILENO, &c, 1) > 0)
        ;
    say("followed");
    _exit(0);
}

static int follow(void)
{
    pthread_t th;
    struct follower f[PEOPLE] = {0};
    int r = 0;
    for (int p = 0; p < PEOPLE && r == 0; p++) {
        f[p].person = p;
        r = cell_read_wait(T.cell, start_fn, &f[p]);
    }
    if (r != 0 || pthread_create(&th, NULL, end_with_stdin, NULL) != 0)
        return 1;
    say("following"); /* what is written from here on must be seen */
    for (;;) {
        for (int p = 0; p < PEOPLE; p++) {
            arena_init(&f[p].arena, ARENA_NO_LIMIT);
            int64_t was = f[p].state.seq;
            r = cell_read_wait(T.cell, follow_fn, &f[p]);
            if (r > 0)
                say("bad follower: cannotCalculateChanges after state %lld", (long long)was);
            for (size_t i = 0; i < f[p].n && r == 0; i++)
                say("seen %lld %.*s %lld %lld", (long long)T.who[p].account, STRF(f[p].emails[i].subject),
                    (long long)f[p].emails[i].seq, (long long)was);
            if (r == 0)
                f[p].state = f[p].ch.state;
            arena_free(&f[p].arena);
        }
        usleep(2000);
    }
}

/* ---- opening ---- */

static int create(void)
{
    struct err e = {0};
    if (store_create(&T.conf, env_system(), &e) != 0 || store_open(&T.store, &T.conf, env_system(), &e) != 0)
        return fail("create", &e);
    struct new_firm firm = {STR("Azienda Srl"), STR("azienda.example")};
    int64_t org, cell;
    int r = firm_create(T.store, &firm, &org, &cell, &e);
    for (int i = 0; i < PEOPLE && r == 0; i++) {
        char address[32];
        int n = snprintf(address, sizeof address, "u%d@azienda.example", i);
        struct new_user u = {str_n(address, (size_t)n), STR("Utente"), STR("$argon2id$none")};
        struct place_of at;
        r = user_create(T.store, STR("azienda.example"), &u, &at, &e);
    }
    store_close(&T.store);
    return r ? fail("firm", &e) : 0;
}

static int open_store(void)
{
    struct err e = {0};
    if (store_open(&T.store, &T.conf, env_system(), &e) != 0)
        return fail("open", &e);
    for (int i = 0; i < PEOPLE; i++) {
        char address[32];
        int n = snprintf(address, sizeof address, "u%d@azienda.example", i);
        int r = directory_find(T.store, str_n(address, (size_t)n), &T.who[i]);
        if (r)
            return fail("find", (err_set(&e, r, "%s: %s", address, r < 0 ? err_name(r) : "unknown"), &e));
    }
    T.org = T.who[0].org;
    return store_cell(T.store, T.who[0].cell, &T.cell, &e) == 0 ? 0 : fail("cell", &e);
}

static void found(void *arg UNUSED, const struct verify_finding *f)
{
    say("%s %s %.*s %lld %lld %.*s", f->damage ? "damage" : "note", f->name, (int)(f->file.n ? f->file.n : 1),
        f->file.n ? f->file.p : "-", (long long)f->offset, (long long)f->length, STRF(f->what));
}

static int check(void)
{
    struct err e = {0};
    struct verify_conf v = {.only_cell = -1, .found = found};
    struct verify_result r = {0};
    int er = store_verify(&T.conf, env_system(), &v, &r, &e);
    if (er)
        say("damage could-not-run - -1 -1 %s", e.text);
    say("verified %lld damage %lld notes", (long long)r.damage, (long long)r.notes);
    return 0;
}

static void lament(void *arg UNUSED, const char *sentence) { say("salvage %s", sentence); }

static int salvage(const char *to_dir)
{
    struct err e = {0};
    struct store_conf to = T.conf;
    struct salvage_result r = {0};
    to.state = to_dir;
    to.readonly = false;
    if (store_salvage(&T.conf, env_system(), 1, &to, lament, NULL, &r, &e) != 0)
        return fail("salvage", &e);
    say("salvaged %lld messages %lld uncertain %lld lost", (long long)r.messages, (long long)r.uncertain,
        (long long)r.lost);
    T.conf.state = to_dir;
    return 0;
}

static int run(const char *verb, int argc, char **argv)
{
    if (strcmp(verb, "load") == 0 && argc == 7) {
        shim_arm(1);
        int r = open_store();
        shim_spare();
        if (r == 0)
            r = load(argv + 3);
        if (r == 0 && getenv("CRASH_END"))
            raise(SIGKILL);
        shim_arm(2); /* nothing that was promised depends on what fails from here on */
        store_close(&T.store);
        shim_arm(0);
        return r;
    }
    T.conf.readonly = true;
    if (strcmp(verb, "check") == 0)
        (void)check();
    int r = strcmp(verb, "salvage") == 0 && argc == 4 ? salvage(argv[3]) : 0;
    if (r == 0)
        r = open_store();
    if (r == 0)
        r = strcmp(verb, "follow") == 0 ? follow() : list();
    store_close(&T.store);
    return r;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    const char *url = getenv("CRASH_PG_URL"), *low = getenv("CRASH_LOW_WATER");
    T.conf = (struct store_conf){.state = argv[2],
                                 .engine = url && *url ? DB_POSTGRESQL : DB_SQLITE,
                                 .url = url,
                                 .prefix = getenv("CRASH_PG_PREFIX"),
                                 .node = getenv("CRASH_NODE"),
                                 .low_water = low ? atoll(low) : 0,
                                 .group_ms = 10};
    fault_setup("store", getenv("SIGILLO_FAULT"));
    return strcmp(argv[1], "create") == 0 ? create() : run(argv[1], argc, argv);
}
