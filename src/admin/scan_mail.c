#include "admin/scan_mail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int add(struct admin_scan_mails *m, struct str path, struct str name, uint64_t off, uint64_t size, struct err *e)
{
    if (m->n == ADMIN_SCAN_MAILS_MAX)
        return err_set(e, ERR_LIMIT, "There are more than %u messages. Scan the folder in parts.",
                       ADMIN_SCAN_MAILS_MAX);
    if (size > ADMIN_SCAN_MESSAGE_MAX)
        return err_set(e, ERR_LIMIT, "%.*s is larger than 256 MB, which is no mail. Leave it out.", STRF(name));
    if (m->n == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 256;
        struct admin_scan_mail *v = realloc(m->v, cap * sizeof *v);
        if (!v)
            return err_set(e, ERR_NOMEM, "There is not enough memory for the list of messages.");
        m->v = v;
        m->cap = cap;
    }
    m->v[m->n++] = (struct admin_scan_mail){path, name, off, size};
    return 0;
}

/* A separator line begins "From " behind an empty line (RFC 4155 A). */
static int split_mbox(struct admin_scan_mails *m, struct str path, struct str all, struct err *e)
{
    size_t start = 0, number = 1;
    while (start < all.n) {
        ptrdiff_t next = str_find(all, STR("\n\nFrom "), start);
        ptrdiff_t crlf = str_find(all, STR("\n\r\nFrom "), start);
        if (next < 0 || (crlf >= 0 && crlf < next))
            next = crlf < 0 ? next : crlf + 1;
        size_t end = next < 0 ? all.n : (size_t)next + 1;
        ptrdiff_t line = str_chr(all, '\n', start);
        size_t from = line < 0 ? all.n : (size_t)line + 1;
        struct str name = arena_printf(&m->arena, "%.*s#%zu", STRF(path), number++);
        int r = from < end ? add(m, path, name, from, end - from, e) : 0;
        if (r != 0)
            return r;
        start = next < 0 ? all.n : (size_t)next + (all.p[next + 1] == '\r' ? 3 : 2);
    }
    return 0;
}

static bool one_message(struct str path)
{
    return path.n > 4 &&
           (str_ieq(str_from(path, path.n - 4), STR(".eml")) || str_ieq(str_from(path, path.n - 4), STR(".msg")));
}

static int find_file(struct admin_scan_mails *m, struct str path, uint64_t size, struct err *e)
{
    char head[5] = "";
    AUTO(fd) int fd = open(arena_z(&m->arena, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, err_from_errno(errno), "%.*s: %s", STRF(path), strerror(errno));
    if (one_message(path) || size == 0 || read(fd, head, sizeof head) != sizeof head || memcmp(head, "From ", 5) != 0)
        return add(m, path, path, 0, size, e);
    char *all = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (all == MAP_FAILED)
        return err_set(e, err_from_errno(errno), "%.*s: %s", STRF(path), strerror(errno));
    int r = split_mbox(m, path, str_n(all, size), e);
    munmap(all, size);
    return r;
}

static int find(struct admin_scan_mails *m, struct str path, int depth, struct err *e);

static int find_folder(struct admin_scan_mails *m, struct str path, int depth, struct err *e)
{
    struct dirent **names;
    int r = 0, n = scandir(arena_z(&m->arena, path), &names, NULL, alphasort);
    if (n < 0)
        return err_set(e, err_from_errno(errno), "%.*s: %s", STRF(path), strerror(errno));
    for (int i = 0; i < n; i++) {
        if (names[i]->d_name[0] != '.' && r == 0)
            r = find(m, arena_printf(&m->arena, "%.*s/%s", STRF(path), names[i]->d_name), depth + 1, e);
        free(names[i]);
    }
    free(names);
    return r;
}

static int find(struct admin_scan_mails *m, struct str path, int depth, struct err *e)
{
    struct stat st;
    if (depth > ADMIN_SCAN_DEPTH_MAX)
        return err_set(e, ERR_LIMIT, "%.*s is nested deeper than %d folders.", STRF(path), ADMIN_SCAN_DEPTH_MAX);
    if (stat(arena_z(&m->arena, path), &st) != 0)
        return err_set(e, err_from_errno(errno), "%.*s: %s", STRF(path), strerror(errno));
    if (S_ISDIR(st.st_mode))
        return find_folder(m, path, depth, e);
    if (S_ISREG(st.st_mode))
        return find_file(m, path, (uint64_t)st.st_size, e);
    return depth > 0 ? 0 : err_set(e, ERR_INVALID, "%.*s is neither a file nor a folder.", STRF(path));
}

int admin_scan_find(struct admin_scan_mails *m, const char *path, struct err *e)
{
    if (!m->arena.limit)
        arena_init(&m->arena, ARENA_NO_LIMIT);
    struct str p = str_c(path);
    while (p.n > 1 && p.p[p.n - 1] == '/')
        p.n--;
    return find(m, arena_str(&m->arena, p), 0, e);
}

void admin_scan_mails_free(struct admin_scan_mails *m)
{
    free(m->v);
    arena_free(&m->arena);
    *m = (struct admin_scan_mails){0};
}

int admin_scan_read(const struct admin_scan_mail *mail, char **bytes, struct err *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%.*s", STRF(mail->path));
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    *bytes = malloc(mail->size + 1);
    if (fd < 0 || !*bytes) {
        free(*bytes);
        return err_set(e, fd < 0 ? err_from_errno(errno) : ERR_NOMEM, "%s: %s", path, strerror(errno));
    }
    for (uint64_t got = 0; got < mail->size;) {
        ssize_t n = pread(fd, *bytes + got, mail->size - got, (off_t)(mail->off + got));
        if (n <= 0) {
            free(*bytes);
            return err_set(e, ERR_SYS, "%s: %s", path,
                           n < 0 ? strerror(errno) : "the file became shorter while it was read");
        }
        got += (uint64_t)n;
    }
    return 0;
}
