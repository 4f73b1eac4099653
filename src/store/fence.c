#include "store/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FENCE_SIGNAL (SIGRTMIN + 3)

static void on_signal(int sig UNUSED) {}

static void setup_once(void)
{
    /* No SA_RESTART: the wait must end. */
    struct sigaction sa = {.sa_handler = on_signal};
    sigemptyset(&sa.sa_mask);
    sigaction(FENCE_SIGNAL, &sa, NULL);
}

void fence_setup(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, setup_once);
}

int fence_open(struct fence *f, const char *path, bool create, struct err *e)
{
    atomic_store(&f->until_ns, 0);
    f->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600);
    return f->fd < 0 ? err_set(e, err_from_errno(errno), "cannot open the lock %s: %s", path, strerror(errno)) : 0;
}

void fence_close(struct fence *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

int fence_take(struct fence *f, int64_t now_ns, int patience_ms)
{
    if (LIKELY(flock(f->fd, LOCK_EX | LOCK_NB) == 0))
        return 0;
    if (errno != EWOULDBLOCK)
        return ERR_SYS;
    f->waiter = pthread_self();
    int64_t until = now_ns + (int64_t)patience_ms * 1000000;
    atomic_store(&f->until_ns, until);
    int r;
    /* Other signals do not end the wait: only fence_watch makes until_ns negative. */
    do
        r = flock(f->fd, LOCK_EX);
    while (r != 0 && errno == EINTR && atomic_load(&f->until_ns) > 0);
    int er = r ? errno : 0;
    atomic_store(&f->until_ns, 0);
    return r == 0 ? 0 : er == EINTR ? ERR_BUSY : ERR_SYS;
}

void fence_give(struct fence *f) { (void)flock(f->fd, LOCK_UN); }

void fence_watch(struct fence *f, int64_t now_ns)
{
    long long until = atomic_load(&f->until_ns);
    /* The thread lives as long as its store; a signal that comes after the wait has ended does nothing. It is sent
     * again at the next round when it fell between the check and the call: until_ns is then -1. */
    if (until < 0 || (until > 0 && now_ns > until)) {
        if (until > 0 && !atomic_compare_exchange_strong(&f->until_ns, &until, -1))
            return;
        (void)pthread_kill(f->waiter, FENCE_SIGNAL);
    }
}
