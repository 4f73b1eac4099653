#include "core/env.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static int64_t system_wall(void *ctx UNUSED)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_mono(void *ctx UNUSED)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void system_random(void *ctx UNUSED, void *p, size_t n)
{
    unsigned char *at = p;
    while (n) {
        ssize_t k = getrandom(at, n, 0);
        if (k < 0) {
            if (errno == EINTR)
                continue;
            abort(); /* without randomness every secret would be guessable */
        }
        at += k;
        n -= (size_t)k;
    }
}

const struct env *env_system(void)
{
    static const struct env system = {system_wall, system_mono, system_random, NULL};
    return &system;
}
