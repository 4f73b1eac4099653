#include "auth/dns.h"
#include "core/hash.h"

static const struct auth_rr impossible = {.known = true, .status = AUTH_RR_NXDOMAIN};
static const struct auth_rr too_many = {.known = true, .status = AUTH_RR_SERVFAIL};
static const struct auth_rr silence = {.known = true, .status = AUTH_RR_TIMEOUT};

bool auth_dns_name_possible(struct str name)
{
    struct str label;
    if (name.n == 0 || name.n > AUTH_DNS_NAME_MAX)
        return false;
    while (str_token(&name, '.', &label))
        if (label.n == 0 || label.n > 63)
            return false;
    return true;
}

const struct auth_rr *auth_dns_get(struct auth_dns *d, enum auth_rr_type type, struct str name)
{
    char lower[AUTH_DNS_NAME_MAX];
    if (!auth_dns_name_possible(name))
        return &impossible;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == 0)
            return &impossible;
        lower[i] = ascii_lower(name.p[i]);
    }
    struct str key = str_n(lower, name.n);
    struct auth_rr **slot = &d->table[(hash64(key) + type) % N_ELEMENTS(d->table)];
    for (struct auth_rr *r = *slot; r; r = r->next)
        if (r->type == type && str_eq(r->name, key))
            return r->known ? r : d->deaf ? &silence : NULL;
    if (d->deaf)
        return &silence;
    if (d->n == AUTH_QUESTIONS_MAX)
        return &too_many;
    struct auth_rr *r = arena_new(d->arena, struct auth_rr);
    *r = (struct auth_rr){.next = *slot, .id = d->n, .type = type, .name = arena_str(d->arena, key)};
    *slot = d->all[d->n++] = r;
    d->open++;
    return NULL;
}

static bool record_text(struct arena *a, struct str rdata, struct str *out)
{
    struct rd r = rd_of(rdata);
    size_t n = 0;
    if (rdata.n == 0 || rdata.n > AUTH_DNS_TEXT_MAX)
        return false;
    char *p = arena_alloc(a, rdata.n);
    while (!r.err && r.p < r.end) {
        struct str part = rd_bytes(&r, rd_u8(&r));
        if (part.n)
            memcpy(p + n, part.p, part.n);
        n += part.n;
    }
    *out = str_n(p, n);
    return !r.err;
}

/* Bytes of a label that are no part of a host name become "?": no name that we ask for or compare with has it. */
static bool record_name(struct arena *a, struct str rdata, struct str *out)
{
    struct rd r = rd_of(rdata);
    char *p = arena_alloc(a, rdata.n + 1);
    size_t n = 0;
    for (;;) {
        uint8_t length = rd_u8(&r);
        if (r.err || length > 63 || n + length > AUTH_DNS_NAME_MAX)
            return false;
        if (length == 0)
            break;
        struct str label = rd_bytes(&r, length);
        if (r.err)
            return false;
        if (n)
            p[n++] = '.';
        for (size_t i = 0; i < label.n; i++)
            p[n++] = label.p[i] > ' ' && label.p[i] < 0x7F && label.p[i] != '.' ? label.p[i] : '?';
    }
    *out = str_n(p, n);
    return rd_done(&r);
}

static bool record_read(struct arena *a, enum auth_rr_type type, struct str rdata, struct str *out)
{
    switch (type) {
    case AUTH_RR_A: *out = arena_str(a, rdata); return rdata.n == 4;
    case AUTH_RR_AAAA: *out = arena_str(a, rdata); return rdata.n == 16;
    case AUTH_RR_TXT: return record_text(a, rdata, out);
    case AUTH_RR_MX: return rdata.n > 2 && record_name(a, str_from(rdata, 2), out);
    case AUTH_RR_PTR: return record_name(a, rdata, out);
    }
    return false;
}

void auth_dns_answer(struct auth_dns *d, unsigned id, enum auth_rr_status status, const struct str *rdata, size_t n)
{
    if (id >= d->n || d->all[id]->known)
        return;
    struct auth_rr *r = d->all[id];
    r->known = true;
    r->status = status;
    d->open--;
    if (status != AUTH_RR_OK)
        return;
    n = n < AUTH_DNS_RECORDS_MAX ? n : AUTH_DNS_RECORDS_MAX;
    r->record = arena_array(d->arena, struct str, n);
    for (size_t i = 0; i < n; i++)
        if (record_read(d->arena, r->type, rdata[i], &r->record[r->n]))
            r->n++;
}
