/* Context/get: who wrote this message, as far as the firm knows (design 7). Counts, dates and payment details are the firm's; messages are of this account
 * alone: nobody sees another person's private mail here. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/types.h"
#include "store/known.h"
#include "store/party.h"

#define CONTEXT_MESSAGES 5
#define CONTEXT_NAMES 8u
#define CONTEXT_LOOK 2000 /* newest messages of the account that are looked through for the sender's */

static void put_when(struct json_w *w, const char *key, int64_t ms)
{
    json_keyz(w, key);
    if (ms > 0)
        json_time(w, ms);
    else
        json_none(w);
}

static void put_details(struct json_w *w, const struct party_detail *d, size_t n)
{
    static const char *const states[] = {
        [PARTY_SEEN] = "seen", [PARTY_LEARNED] = "learned", [PARTY_VERIFIED] = "verified", [PARTY_REVOKED] = "revoked"};
    json_keyz(w, "bankDetails");
    json_arr(w);
    for (size_t i = 0; i < n; i++) {
        json_obj(w);
        json_kstr(w, "iban", d[i].value);
        json_kstr(w, "state", str_c((size_t)d[i].state < N_ELEMENTS(states) ? states[d[i].state] : "seen"));
        put_when(w, "firstSeen", d[i].first_ms);
        put_when(w, "lastSeen", d[i].last_ms);
        json_kint(w, "count", d[i].count);
        json_kstr(w, "source", d[i].who.n ? d[i].who : STR("mail"));
        json_obj_end(w);
    }
    json_arr_end(w);
}

static int put_messages(struct jmap_call *c, struct str address)
{
    AUTO(db_cursor) struct db_cursor cur = {0};
    json_keyz(c->w, "messages");
    json_arr(c->w);
    int r = address.n ? db_query(c->t->db, &cur, SQL_MESSAGE_OF_SENDER,
                                 DB_ARGS(db_int(c->person->org), db_int(c->person->account), db_text(address),
                                         db_int(CONTEXT_LOOK), db_int(CONTEXT_MESSAGES)))
                      : 0;
    while (address.n && r == 0 && (r = db_next(&cur)) == 1) {
        jmap_put_id(c->w, db_col_int(&cur, 0));
        r = 0;
    }
    json_arr_end(c->w);
    return r;
}

struct known {
    struct known_row address, domain;
    struct str company;
    struct party_detail *detail;
    size_t n;
};

/* What the guard keys a party by: the registrable domain, or the address where everybody may have one. Its lists are not at hand here, so the address and
 * every parent of the domain are asked for: only the key itself is ever on file. */
static size_t names_of(struct str address, struct str domain, struct str out[CONTEXT_NAMES])
{
    size_t n = 0;
    out[n++] = address;
    while (domain.n && n < CONTEXT_NAMES && str_chr(domain, '.', 0) > 0) {
        out[n++] = domain;
        domain = str_from(domain, (size_t)str_chr(domain, '.', 0) + 1);
    }
    return n;
}

static int look_up(struct jmap_call *c, struct str address, struct str domain, struct known *k)
{
    struct str name[CONTEXT_NAMES];
    struct known_key keys[CONTEXT_NAMES];
    struct known_row *rows;
    int64_t org = c->person->org, version;
    size_t n = 0, n_names = address.n ? names_of(address, domain, name) : 0;
    for (size_t i = 0; i < n_names; i++)
        keys[i] = (struct known_key){i ? KNOWN_KIND_DOMAIN : KNOWN_KIND_ADDRESS, name[i]};
    int r = n_names ? known_read(c->t, org, keys, n_names, c->arena, &rows, &n) : 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        if (rows[i].key == 0)
            k->address = rows[i];
        else if (!k->domain.received)
            k->domain = rows[i];
    }
    for (size_t i = 0; i < n_names && r >= 0; i++) {
        if (!k->company.n && (r = party_get(c->t, org, name[i], &k->company, &version)) < 0)
            break;
        if (k->n == 0)
            r = party_details(c->t, org, name[i], PARTY_IBAN, &k->detail, &k->n);
    }
    return r < 0 ? r : 0;
}

static int find_email(struct jmap_call *c, struct read_email **e)
{
    static const char *const args[] = {"emailId", NULL};
    int64_t id;
    size_t n;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (err)
        return err;
    if (!id_parse(jmap_json_str(json_object_get(c->args, "emailId")), &id))
        return jmap_invalid(c, "emailId is not an id");
    err = read_emails(c->t, c->arena, c->person->org, c->person->account, &id, 1, e, &n);
    if (err == 0 && n == 0)
        err = jmap_invalid(c, "there is no such message");
    return err;
}

int jmap_context_get(struct jmap_call *c)
{
    struct read_email *e;
    struct known k = {.company = STR("")};
    int err = find_email(c, &e);
    if (err)
        return err;
    struct str address = e->from.addr, domain = STR("");
    ptrdiff_t at = str_rchr(address, '@');
    if (at >= 0)
        domain = str_from(address, (size_t)at + 1);
    else
        address = STR("");
    if ((err = look_up(c, address, domain, &k)) != 0)
        return err;
    json_obj(c->w);
    jmap_put_account(c);
    json_keyz(c->w, "emailId");
    jmap_put_id(c->w, e->id);
    json_kstr(c->w, "address", address);
    json_kstr(c->w, "name", e->from.name);
    json_kstr(c->w, "domain", domain);
    json_kstr(c->w, "company", k.company);
    put_when(c->w, "firstSeen", k.address.first_ms);
    put_when(c->w, "lastSeen", k.address.last_ms);
    json_kint(c->w, "received", k.address.received);
    json_kint(c->w, "sent", k.address.sent);
    json_kint(c->w, "domainReceived", k.domain.received);
    put_details(c->w, k.detail, k.n);
    err = put_messages(c, address);
    json_obj_end(c->w);
    return err < 0 ? err : 0;
}
