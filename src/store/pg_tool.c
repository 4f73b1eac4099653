/* PostgreSQL's own programs for snapshots: pg_dump takes one consistent snapshot of a schema beside a live server. */
#include "store/backup_priv.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_MAX 300
#define URL_MAX 8192

static int run(const char *const *argv, struct err *e);

/* Waits for the program; what it wrote to stderr last is in the sentence. */
static int run(const char *const *argv, struct err *e)
{
    posix_spawn_file_actions_t actions;
    int said[2], status = 0, rc;
    char text[SAID_MAX + 1] = "";
    size_t n = 0;
    pid_t pid;

    if (pipe2(said, O_CLOEXEC) != 0)
        return err_set(e, ERR_SYS, "Cannot start %s: %m.", argv[0]);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, said[1], STDERR_FILENO);
    rc = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    (void)close(said[1]);
    if (rc != 0) {
        (void)close(said[0]);
        return err_set(
            e, ERR_NOENT,
            "Cannot start %s: %s. Install the package postgresql-client and run this again; nothing was changed.",
            argv[0], strerror(rc));
    }
    for (ssize_t got; (got = read(said[0], text + n, SAID_MAX - n)) >
                      0;) /* the rest of a long text blocks nobody: the pipe closes */
        if ((n += (size_t)got) == SAID_MAX)
            break;
    (void)close(said[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\n')
            text[i] = ' ';
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : err_set(e, ERR_SYS, "%s failed: %s", argv[0], text);
}

int pg_schema_dump(const char *url, const char *schema, const char *path, struct err *e)
{
    AUTO(buf) struct buf all;
    buf_init(&all, URL_MAX);
    int rc = db_url_of_all(url, &all, e);
    if (rc)
        return rc;
    const char *argv[] = {"pg_dump",
                          "--no-password",
                          "--enable-row-security", /* else it refuses tables with a policy */
                          "--format=custom",
                          "--no-owner",
                          "--no-privileges",
                          "--schema",
                          schema,
                          "--file",
                          path,
                          "--dbname",
                          all.p,
                          NULL};
    AUTO(fd) int fd = -1;

    (void)unlink(path);
    if ((rc = run(argv, e)) != 0)
        return rc;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? 0 : err_set(e, ERR_IO, "%s could not be made durable: %m.", path);
}

int pg_schema_restore(const char *url, const char *path, struct err *e)
{
    const char *argv[] = {"pg_restore",
                          "--no-password",
                          "--exit-on-error",
                          "--single-transaction",
                          "--no-owner",
                          "--no-privileges",
                          "--dbname",
                          url,
                          path,
                          NULL};

    return run(argv, e);
}
