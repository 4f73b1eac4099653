#pragma once
/* Inside auth/: the parts of a job. Each part is a function that is called again until it says that it is done. */
#include "auth/arc.h"
#include "auth/dmarc.h"
#include "auth/spf.h"

struct auth_work {
    struct arena *arena;
    const struct auth_kit *kit;
    struct auth_input in;
    struct auth_results *out;
    struct auth_dns dns;
    struct auth_message message;
    struct auth_dkim dkim;
    struct auth_arc_work arc;
    unsigned steps;
    bool spf_done, dmarc_done, finished;
};
