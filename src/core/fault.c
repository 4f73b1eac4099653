#include "core/fault.h"
#include "core/str.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define FAULT_MAX 16u
#define POINT_MAX 64u

enum action { ACT_KILL, ACT_STOP, ACT_ERROR, ACT_DELAY };
struct fault {
    char point[POINT_MAX];
    uint64_t pass; /* 0: every one */
    atomic_ullong seen;
    enum action action;
    uint64_t delay_ms;
};

bool fault_armed;
static struct fault faults[FAULT_MAX];
static size_t fault_n;

static bool action_of(struct str word, struct fault *f)
{
    if (str_eq(word, STR("kill")))
        f->action = ACT_KILL;
    else if (str_eq(word, STR("stop")))
        f->action = ACT_STOP;
    else if (str_eq(word, STR("error")))
        f->action = ACT_ERROR;
    else if (str_starts(word, STR("delay-")) && str_u64(str_from(word, 6), &f->delay_ms))
        f->action = ACT_DELAY;
    else
        return false;
    return true;
}

/* A setting that cannot be read stops the process: a crash test that arms nothing would pass. */
static NORETURN void refuse(struct str one)
{
    fprintf(stderr, "SIGILLO_FAULT: \"%.*s\" is not role:point:n:action\n", STRF(one));
    _exit(2);
}

void fault_setup(const char *role, const char *setting)
{
    struct str all = setting && *setting ? str_c(setting) : STR_NULL, one;
    fault_n = 0;
    while (str_token(&all, ',', &one)) {
        struct str who, point, pass, action;
        struct str rest = one;
        if (fault_n == FAULT_MAX || !str_cut(rest, ':', &who, &rest) || !str_cut(rest, ':', &point, &rest) ||
            !str_cut(rest, ':', &pass, &action) || point.n >= POINT_MAX)
            refuse(one);
        struct fault *f = &faults[fault_n];
        if (!str_u64(pass, &f->pass) || !action_of(action, f))
            refuse(one);
        if (!str_eq(who, str_c(role)))
            continue;
        memcpy(f->point, point.p, point.n);
        f->point[point.n] = 0;
        atomic_store(&f->seen, 0);
        fault_n++;
    }
    fault_armed = fault_n > 0;
}

static void wait_ms(uint64_t ms)
{
    struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) != 0)
        ;
}

bool fault_hit(const char *point)
{
    bool fail = false;
    for (size_t i = 0; i < fault_n; i++) {
        struct fault *f = &faults[i];
        if (strcmp(f->point, point) != 0)
            continue;
        uint64_t seen = atomic_fetch_add(&f->seen, 1) + 1;
        if (f->pass != 0 && seen != f->pass)
            continue;
        switch (f->action) {
        case ACT_KILL: kill(getpid(), SIGKILL); break;
        case ACT_STOP: kill(getpid(), SIGSTOP); break;
        case ACT_ERROR: fail = true; break;
        case ACT_DELAY: wait_ms(f->delay_ms); break;
        }
    }
    return fail;
}
