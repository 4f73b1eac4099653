/* RCPT: where an address leads, and whether there is room for more. */
#include "intake/road.h"
#include "core/hash.h"
#include "core/log.h"

static const struct str role_locals[] = {STR("postmaster"), STR("abuse")};

static bool is_role(struct str local)
{
    for (size_t i = 0; i < N_ELEMENTS(role_locals); i++)
        if (str_ieq(local, role_locals[i]))
            return true;
    return false;
}

#define OWN_FIRM_MS 60000

/* The firm that answers for the server itself: that of the host name's nearest domain, else the first firm. */
static int find_own_firm(struct intake *in, struct place_of *firm)
{
    struct str rest = in->conf.hostname;
    ptrdiff_t dot;
    while (rest.n > 0) {
        int r = directory_domain(in->conf.store, rest, firm);
        if (r != DIR_UNKNOWN)
            return r;
        dot = str_chr(rest, '.', 0);
        rest = dot < 0 ? STR("") : str_from(rest, (size_t)dot + 1);
    }
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct firm_row *firms;
    size_t n;
    int r = firm_list(in->conf.store, &a, &firms, &n);
    if (r || n == 0)
        return r ? r : DIR_UNKNOWN;
    *firm = (struct place_of){.cell = firms[0].cell, .org = firms[0].org, .found = true};
    return 0;
}

/* Remembered: a stranger may ask for postmaster as often as he likes, and the list of firms may be long. */
static int own_firm(struct intake *in, struct place_of *firm)
{
    int64_t now = env_mono_ms(in->conf.env);
    int r = 0;
    if (!in->own_firm.found || now >= in->own_firm_until_ms) {
        r = find_own_firm(in, &in->own_firm);
        in->own_firm.found = r == 0;
        in->own_firm_until_ms = now + OWN_FIRM_MS;
    }
    *firm = in->own_firm;
    return r;
}

/* An address that nobody has. */
static int stray(struct intake *in, struct str address, struct place_of *at)
{
    ptrdiff_t sep = str_rchr(address, '@');
    struct str local = sep < 0 ? address : str_upto(address, (size_t)sep);
    struct place_of firm;
    int r = sep < 0 ? own_firm(in, &firm) : directory_domain(in->conf.store, str_from(address, (size_t)sep + 1), &firm);
    if (r != 0)
        return r == DIR_UNKNOWN ? INTAKE_FOREIGN : r;
    *at = firm;
    if (!is_role(local))
        return INTAKE_UNKNOWN;
    r = account_first_admin(in->conf.store, &firm, at);
    return r == DIR_UNKNOWN ? INTAKE_UNKNOWN : r;
}

int intake_rcpt(struct intake *in, struct str address, struct intake_rcpt *out)
{
    struct cell *c;
    const char *why;
    int r = directory_find(in->conf.store, address, &out->at);
    if (r == DIR_UNKNOWN)
        r = stray(in, address, &out->at);
    if (r != 0)
        return r;
    if (out->at.disabled)
        return INTAKE_DISABLED;
    out->address = address;
    if (store_cell(in->conf.store, out->at.cell, &c, NULL) == 0 && cell_state(c, &why) == CELL_DISK_LOW)
        return INTAKE_DISK_LOW;
    return 0;
}

int intake_quota(struct intake *in, const struct intake_rcpt *rcpt, uint64_t more)
{
    int64_t pair[2] = {rcpt->at.org, rcpt->at.account}, now = env_mono_ms(in->conf.env);
    struct quota_seen *seen = &in->quotas[hash64(str_n(pair, sizeof pair)) % QUOTA_SEEN_MAX];
    if (seen->org != pair[0] || seen->account != pair[1] || now >= seen->until_ms) {
        *seen = (struct quota_seen){pair[0], pair[1], now + INTAKE_QUOTA_MS, {0, 0}};
        if (account_quota(in->conf.store, &rcpt->at, &seen->q) != 0)
            seen->q = (struct account_quota){0, 0};
    }
    if (seen->q.quota == 0)
        return 0;
    return seen->q.used >= seen->q.quota || more > (uint64_t)(seen->q.quota - seen->q.used) ? INTAKE_QUOTA : 0;
}
