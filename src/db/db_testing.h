#pragma once
/* For tests of any room: databases of both engines. PostgreSQL is the server of SIGILLO_PG_URL or, without it, one of
 * tools/pg_temp that ends with the test's process. Without PostgreSQL's programs a test fails and says what to install;
 * it is never skipped. */
#include "db/driver.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TESTING_URL_MAX 512

/* Connection string of a running server; exits the process when there is none. */
UNUSED static const char *testing_pg_url(void)
{
    static char url[TESTING_URL_MAX];
    const char *given = getenv("SIGILLO_PG_URL"), *source = getenv("SIGILLO_SOURCE");
    if (url[0] || given)
        return url[0] ? url : given;
    char tool[4096];
    snprintf(tool, sizeof tool, "%s/tools/pg_temp", source ? source : ".");
    int hold[2], out[2]; /* the server stops when the last copy of hold[1] is closed */
    if (pipe2(hold, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        exit(99);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(hold[0], 0);
        dup2(out[1], 1);
        setsid();
        execl(tool, tool, "watch", (char *)NULL);
        perror(tool);
        _exit(99);
    }
    close(hold[0]);
    close(out[1]);
    size_t n = 0;
    ssize_t got;
    while (n < sizeof url - 1 && (got = read(out[0], url + n, sizeof url - 1 - n)) > 0)
        if (memchr(url, '\n', n += (size_t)got))
            break;
    close(out[0]);
    url[strcspn(url, "\n")] = 0;
    if (!url[0]) {
        fprintf(stderr, "no PostgreSQL for the tests: %s did not start one\n", tool);
        exit(1);
    }
    return url;
}

/* A new, empty place for one database: fills engine, path or url and schema. */
struct testing_place {
    char folder[64], path[96], schema[64];
};
UNUSED static struct db_conf testing_conf(struct testing_place *place, enum db_engine engine, const char *set)
{
    static int counter;
    struct db_conf conf = {.engine = engine, .set = set, .create = true, .patience_ms = 2000};
    place->folder[0] = 0;
    if (engine == DB_SQLITE) {
        snprintf(place->folder, sizeof place->folder, "/tmp/sigillo-test.XXXXXX");
        if (!mkdtemp(place->folder))
            exit(99);
        snprintf(place->path, sizeof place->path, "%s/x.db", place->folder);
        conf.path = place->path;
    } else {
        snprintf(place->schema, sizeof place->schema, "test_%d_%d", (int)getpid(), counter++);
        conf.schema = place->schema;
        conf.url = testing_pg_url();
    }
    return conf;
}
/* Removes the folder of a SQLite place with its files; a schema goes with its server. */
UNUSED static void testing_remove(struct testing_place *place)
{
    DIR *d = place->folder[0] ? opendir(place->folder) : NULL;
    for (struct dirent *file; d && (file = readdir(d)) != NULL;)
        (void)!unlinkat(dirfd(d), file->d_name, 0);
    if (d)
        closedir(d);
    (void)!rmdir(place->folder);
}
