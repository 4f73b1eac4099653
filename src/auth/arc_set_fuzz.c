#include "auth/arc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A chain that reads well is complete. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    AUTO(arena) struct arena a;
    struct auth_message m;
    struct auth_arc_work w;
    const char *why;
    arena_init(&a, ARENA_NO_LIMIT);
    auth_message_read(&a, str_n(data, n), &m);
    if (auth_arc_read(&a, &m, &w, &why) != 0) {
        if (!why || w.n == 0)
            abort();
        return 0;
    }
    for (unsigned i = 0; i < w.n; i++)
        for (enum auth_arc_field k = AUTH_ARC_RESULTS; k < AUTH_ARC_FIELDS; k++)
            if (!w.set[i].field[k])
                abort();
    return 0;
}
