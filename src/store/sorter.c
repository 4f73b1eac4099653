#include "store/sorter.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RUN_BUFFER (64u << 10)
#define RUNS_MAX 8192u

struct run {
    off_t at, end; /* still on disk */
    char *buf;     /* loaded records */
    size_t n, i;
};
struct sorter {
    size_t record, room; /* records in memory */
    char *mem;
    size_t n, cap, total, next;
    char *dir;
    int fd;
    off_t size;
    struct run *runs;
    size_t n_runs;
    size_t *heap; /* indexes of runs, smallest first record on top */
    size_t n_heap;
};

static _Thread_local size_t cmp_len; /* qsort has no context argument that is portable */

static int by_bytes(const void *a, const void *b);
static int spill(struct sorter *s);
static int run_load(struct sorter *s, struct run *r);
static void heap_down(struct sorter *s, size_t i);
static const char *head_of(const struct sorter *s, size_t i);

static int by_bytes(const void *a, const void *b) { return memcmp(a, b, cmp_len); }

int sorter_open(struct sorter **sp, size_t record, size_t memory, const char *dir, struct err *e)
{
    struct sorter *s = calloc(1, sizeof *s);

    if (!s || record == 0 || record > SORTER_RECORD_MAX || !(s->dir = strdup(dir))) {
        free(s);
        return err_set(e, s ? ERR_INVALID : ERR_NOMEM, "No memory for a sort.");
    }
    s->record = record;
    s->room = memory / record > 16 ? memory / record : 16;
    s->fd = -1;
    *sp = s;
    return 0;
}

void sorter_close(struct sorter **sp)
{
    struct sorter *s = *sp;

    if (!s)
        return;
    for (size_t i = 0; i < s->n_runs; i++)
        free(s->runs[i].buf);
    if (s->fd >= 0)
        (void)close(s->fd);
    free(s->runs);
    free(s->heap);
    free(s->mem);
    free(s->dir);
    free(s);
    *sp = NULL;
}

size_t sorter_count(const struct sorter *s) { return s->total; }

static int spill(struct sorter *s)
{
    size_t left = s->n * s->record, done = 0;
    struct run *runs;

    if (s->fd < 0 && (s->fd = open(s->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) < 0)
        return err_from_errno(errno);
    if (s->n_runs == RUNS_MAX || !(runs = realloc(s->runs, (s->n_runs + 1) * sizeof *runs)))
        return ERR_NOMEM;
    s->runs = runs;
    cmp_len = s->record;
    qsort(s->mem, s->n, s->record, by_bytes);
    while (left) {
        ssize_t put = pwrite(s->fd, s->mem + done, left, s->size + (off_t)done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return err_from_errno(put < 0 ? errno : EIO);
        done += (size_t)put;
        left -= (size_t)put;
    }
    s->runs[s->n_runs++] = (struct run){.at = s->size, .end = s->size + (off_t)done};
    s->size += (off_t)done;
    s->n = 0;
    return 0;
}

int sorter_add(struct sorter *s, const void *record)
{
    int rc;

    if (s->n == s->room && (rc = spill(s)) != 0)
        return rc;
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 1024;
        char *p;

        cap = cap < s->room ? cap : s->room;
        if (!(p = realloc(s->mem, cap * s->record)))
            return ERR_NOMEM;
        s->mem = p;
        s->cap = cap;
    }
    memcpy(s->mem + s->n++ * s->record, record, s->record);
    s->total++;
    return 0;
}

static int run_load(struct sorter *s, struct run *r)
{
    size_t want = RUN_BUFFER / s->record * s->record, got = 0;

    r->i = r->n = 0;
    if ((off_t)want > r->end - r->at)
        want = (size_t)(r->end - r->at);
    if (!r->buf && !(r->buf = malloc(RUN_BUFFER)))
        return ERR_NOMEM;
    while (got < want) {
        ssize_t n = pread(s->fd, r->buf + got, want - got, r->at + (off_t)got);

        if (n <= 0)
            return ERR_IO;
        got += (size_t)n;
    }
    r->at += (off_t)want;
    r->n = want / s->record;
    return 0;
}

static const char *head_of(const struct sorter *s, size_t i)
{
    const struct run *r = &s->runs[s->heap[i]];

    return r->buf + r->i * s->record;
}

static void heap_down(struct sorter *s, size_t i)
{
    for (;;) {
        size_t least = i, l = 2 * i + 1, r = l + 1, t;

        if (l < s->n_heap && memcmp(head_of(s, l), head_of(s, least), s->record) < 0)
            least = l;
        if (r < s->n_heap && memcmp(head_of(s, r), head_of(s, least), s->record) < 0)
            least = r;
        if (least == i)
            return;
        t = s->heap[i];
        s->heap[i] = s->heap[least];
        s->heap[least] = t;
        i = least;
    }
}

int sorter_sort(struct sorter *s)
{
    int rc;

    s->next = 0;
    if (s->n_runs == 0) {
        cmp_len = s->record;
        if (s->n)
            qsort(s->mem, s->n, s->record, by_bytes);
        return 0;
    }
    if (s->n && (rc = spill(s)) != 0)
        return rc;
    free(s->mem);
    s->mem = NULL;
    s->cap = 0;
    if (!(s->heap = calloc(s->n_runs, sizeof *s->heap)))
        return ERR_NOMEM;
    for (size_t i = 0; i < s->n_runs; i++) {
        if ((rc = run_load(s, &s->runs[i])) != 0)
            return rc;
        s->heap[s->n_heap++] = i;
    }
    for (size_t i = s->n_heap; i-- > 0;)
        heap_down(s, i);
    return 0;
}

/* The record given last is stepped over only now: its bytes had to live until this call. */
static int step(struct sorter *s)
{
    struct run *r = &s->runs[s->heap[0]];
    int rc;

    if (++r->i == r->n && r->at < r->end && (rc = run_load(s, r)) != 0)
        return rc;
    if (r->i == r->n)
        s->heap[0] = s->heap[--s->n_heap];
    heap_down(s, 0);
    return 0;
}

int sorter_next(struct sorter *s, const void **record)
{
    int rc;

    if (s->n_runs == 0) {
        if (s->next == s->n)
            return 0;
        *record = s->mem + s->next++ * s->record;
        return 1;
    }
    if (s->next++ > 0 && s->n_heap && (rc = step(s)) != 0)
        return rc;
    if (s->n_heap == 0)
        return 0;
    *record = head_of(s, 0);
    return 1;
}
