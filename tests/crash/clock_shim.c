/* Preloaded: the wall clock jumps. CRASH_CLOCK="calls:seconds": from that many looks on it shows so many seconds more (or, below zero, less). */
#undef _FORTIFY_SOURCE
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static long calls = -1, seconds;
static atomic_long looks;

__attribute__((constructor)) static void setup(void)
{
    const char *at = getenv("CRASH_CLOCK");
    if (!at || sscanf(at, "%ld:%ld", &calls, &seconds) != 2)
        calls = -1;
}

EXPORT int clock_gettime(clockid_t id, struct timespec *ts)
{
    int r = (int)syscall(SYS_clock_gettime, id, ts);
    if (r == 0 && calls >= 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) &&
        atomic_fetch_add(&looks, 1) >= calls)
        ts->tv_sec += seconds;
    return r;
}

EXPORT time_t time(time_t *out)
{
    struct timespec ts = {0};
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    if (out)
        *out = ts.tv_sec;
    return ts.tv_sec;
}

EXPORT int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec ts = {0};
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    *tv = (struct timeval){ts.tv_sec, ts.tv_nsec / 1000};
    return 0;
}
