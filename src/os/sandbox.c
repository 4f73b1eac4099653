#include "os/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static int limit(int what, uint64_t value, const char *name, struct err *e);
static void note(struct sandbox_report *r, const char *layer, const char *state);
static int limits_set(const struct sandbox_spec *spec, struct sandbox_report *r, struct err *e);

bool sandbox_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;
#else
    return false;
#endif
#else
    return false;
#endif
}

static void note(struct sandbox_report *r, const char *layer, const char *state)
{
    size_t n = strlen(r->text);
    snprintf(r->text + n, sizeof(r->text) - n, "%s=%s\n", layer, state);
}

static int limit(int what, uint64_t value, const char *name, struct err *e)
{
    struct rlimit l;
    if (getrlimit((__rlimit_resource_t)what, &l) != 0)
        return err_set(e, ERR_SYS, "cannot read limit %s: %s", name, strerror(errno));
    if (l.rlim_max > value)
        l.rlim_max = value;
    l.rlim_cur = l.rlim_max;
    if (setrlimit((__rlimit_resource_t)what, &l) != 0)
        return err_set(e, ERR_SYS, "cannot set limit %s: %s", name, strerror(errno));
    return 0;
}

static int limits_set(const struct sandbox_spec *spec, struct sandbox_report *r, struct err *e)
{
    bool sanitized = sandbox_sanitized();
    int s = limit(RLIMIT_CORE, 0, "core", e);
    if (s == 0 && spec->memory && !sanitized)
        s = limit(RLIMIT_AS, spec->memory, "memory", e);
    if (s == 0 && spec->cpu_s)
        s = limit(RLIMIT_CPU, spec->cpu_s, "cpu", e);
    if (s == 0 && spec->files)
        s = limit(RLIMIT_NOFILE, spec->files, "files", e);
    if (s == 0 && spec->file_size)
        s = limit(RLIMIT_FSIZE, spec->file_size, "file size", e);
    if (s != 0)
        return s;
    if (spec->memory)
        note(r, "memory", sanitized ? "absent (AddressSanitizer reserves terabytes)" : "on");
    if (spec->cpu_s)
        note(r, "cpu", "on");
    return 0;
}

int sandbox_seal(const struct sandbox_spec *spec, const char *state, struct sandbox_report *r, struct err *e)
{
    char text[64];
    int abi = 0, s;

    r->text[0] = '\0';
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_set(e, ERR_SYS, "no_new_privs: %s", strerror(errno));
    note(r, "no_new_privs", "on");
    s = limits_set(spec, r, e);
    if (s != 0)
        return s;
    if (spec->calls != SANDBOX_PARENT) { /* the supervisor's children must still reach their own folders */
        s = landlock_seal(spec->paths, state, &abi, e);
        if (s != 0)
            return s;
        snprintf(text, sizeof(text), "on (ABI %d%s)", abi,
                 sandbox_sanitized() ? "; /proc left to AddressSanitizer" : "");
        if (abi == 0)
            snprintf(text, sizeof(text), "absent (kernel)");
        note(r, "landlock", text);
    }
    /* Not dumpable: no core with mail in it, no ptrace by another process of the same user, /proc/self belongs to root.
     * The leak checker of AddressSanitizer attaches to its own process and needs it. */
    if (sandbox_sanitized()) {
        note(r, "dumpable", "left (AddressSanitizer)");
    } else {
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
            return err_set(e, ERR_SYS, "dumpable: %s", strerror(errno));
        note(r, "dumpable", "off");
    }
    s = seccomp_seal(spec->calls, spec->flags, e);
    if (s < 0)
        return s;
    note(r, "seccomp", s == 0 ? "on" : "absent (kernel)");
    return 0;
}
