#pragma once
/* A throw-away store for tests and benches: SQLite in a temporary folder, PostgreSQL on the tests' own server (db/db_testing.h). */
#include "db/db_testing.h"
#include "store/account.h"
#include "store/mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char dir[64], prefix[32];
    struct store_conf conf;
    struct env env;
    int64_t clock_skew_ms;
    struct store *store;
    struct cell *cell;
    int64_t org, cell_id;
    struct place_of user[4];
};

static inline int64_t fixture_wall(void *ctx)
{
    return env_wall_ms(env_system()) + ((struct fixture *)ctx)->clock_skew_ms;
}
static inline int64_t fixture_mono(void *ctx UNUSED) { return env_mono_ns(env_system()); }
static inline void fixture_random(void *ctx UNUSED, void *p, size_t n) { env_random(env_system(), p, n); }

static inline void fixture_fail(const char *what, const struct err *e)
{
    fprintf(stderr, "fixture: %s: %s\n", what, e->text);
    abort();
}

static inline void fixture_reopen(struct fixture *f)
{
    struct err e = {0};
    store_close(&f->store);
    if (store_open(&f->store, &f->conf, &f->env, &e) != 0 || store_cell(f->store, f->cell_id, &f->cell, &e) != 0)
        fixture_fail("open", &e);
}

/* A firm azienda.example with users u0..u3. */
static inline void fixture_open(struct fixture *f, enum db_engine engine)
{
    struct err e = {0};
    *f = (struct fixture){0};
    snprintf(f->dir, sizeof f->dir, "/tmp/sigillo-store-XXXXXX");
    if (!mkdtemp(f->dir))
        abort();
    uint32_t r;
    env_random(env_system(), &r, sizeof r);
    snprintf(f->prefix, sizeof f->prefix, "t%08x", r);
    f->env = (struct env){fixture_wall, fixture_mono, fixture_random, f};
    f->conf = (struct store_conf){.state = f->dir,
                                  .engine = engine,
                                  .url = engine == DB_POSTGRESQL ? testing_pg_url() : NULL,
                                  .prefix = f->prefix,
                                  .group_ms = 10};
    if (store_create(&f->conf, &f->env, &e) != 0)
        fixture_fail("create", &e);
    if (store_open(&f->store, &f->conf, &f->env, &e) != 0)
        fixture_fail("open", &e);
    struct new_firm firm = {STR("Azienda Srl"), STR("azienda.example")};
    if (firm_create(f->store, &firm, &f->org, &f->cell_id, &e) != 0 ||
        store_cell(f->store, f->cell_id, &f->cell, &e) != 0)
        fixture_fail("firm", &e);
    for (int i = 0; i < 4; i++) {
        char address[32];
        int n = snprintf(address, sizeof address, "u%d@azienda.example", i);
        struct new_user u = {str_n(address, (size_t)n), STR("Utente"), STR("$argon2id$none")};
        if (user_create(f->store, STR("azienda.example"), &u, &f->user[i], &e) != 0)
            fixture_fail("user", &e);
    }
}

static inline void fixture_close(struct fixture *f)
{
    store_close(&f->store);
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf %s", f->dir);
    if (system(cmd) != 0)
        abort();
}
