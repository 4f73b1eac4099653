/* Domain/get and Domain/set: an administrator names a domain, publishes a TXT record, and lets it be looked up. Until then the name is worth nothing
 * (store/manage.h). The id is the name with "_" for ".", behind "D". */
#include "core/err.h"
#include "jmap/admin_list.h"
#include "jmap/types.h"
#include "store/account.h"
#include "store/manage.h"

static const struct {
    const char *name, *en, *it;
} reasons[DOMAIN_REASONS] = {
    [DOMAIN_NO_RECORD] = {"notFound",
                          "There is no TXT record at this name yet. Publish it where the domain's DNS is managed; a "
                          "record that is new may be seen only after some minutes.",
                          "A questo nome non c'è ancora un record TXT. Pubblicatelo dove si gestisce il DNS del "
                          "dominio; un record nuovo può essere visto solo dopo alcuni minuti."},
    [DOMAIN_OTHER_RECORD] = {"wrong",
                             "There is a TXT record at this name, but its value is another one. Copy the value again, "
                             "whole and without quotes.",
                             "A questo nome c'è un record TXT, ma con un altro valore. Copiate di nuovo il valore, "
                             "intero e senza virgolette."},
    [DOMAIN_NO_ANSWER] = {"dns", "The domain's name servers did not answer. Try again in some minutes.",
                          "I server DNS del dominio non hanno risposto. Riprovate tra alcuni minuti."},
    [DOMAIN_TAKEN_FIRST] = {"taken",
                            "Another firm on this server has already proven this domain. Ask who runs the server.",
                            "Un'altra azienda su questo server ha già dimostrato di avere questo dominio. "
                            "Rivolgetevi a chi gestisce il server."},
};

/* Of a proven one, whose record was there once. */
static const char *const gone[2] = {
    "The TXT record that proved this domain is not there any more. If the domain is still yours, publish it again; "
    "mail "
    "keeps coming. After five days without it, mail that comes from this domain is judged like a stranger's and nobody "
    "new gets an address in it.",
    "Il record TXT che dimostrava questo dominio non c'è più. Se il dominio è ancora vostro, pubblicatelo di nuovo; la "
    "posta continua ad arrivare. Dopo cinque giorni senza, la posta che arriva da questo dominio è giudicata come "
    "quella "
    "di un estraneo e nessun nuovo indirizzo vi può essere creato."};

static struct str domain_id(struct arena *a, struct str domain)
{
    struct str id = arena_printf(a, "D%.*s", STRF(domain));
    for (size_t i = 0; i < id.n; i++)
        if (id.p[i] == '.')
            ((char *)(uintptr_t)id.p)[i] = '_';
    return id;
}

/* Empty: names no domain. */
static struct str domain_of_id(struct arena *a, struct str id)
{
    struct str key;
    if (id.n < 2 || id.p[0] != 'D')
        return STR("");
    struct str d = arena_str(a, str_from(id, 1));
    for (size_t i = 0; i < d.n; i++)
        if (d.p[i] == '_')
            ((char *)(uintptr_t)d.p)[i] = '.';
    return domain_key(a, d, &key, NULL) == 0 && str_eq(key, d) ? key : STR("");
}

static void put_bilingual(struct json_w *w, const char *it, const char *en)
{
    json_obj(w);
    json_kstr(w, "it", str_c(it));
    json_kstr(w, "en", str_c(en));
    json_obj_end(w);
}

static void put_record(struct jmap_call *c, const struct domain_row *d, bool shown)
{
    json_keyz(c->w, "recordName");
    if (shown)
        json_str(c->w, arena_printf(c->arena, DOMAIN_PROOF_LABEL ".%.*s", STRF(d->domain)));
    else
        json_none(c->w);
    json_keyz(c->w, "recordValue");
    if (shown)
        json_str(c->w, arena_printf(c->arena, DOMAIN_PROOF_PREFIX "%.*s", STRF(d->token)));
    else
        json_none(c->w);
}

static void put_proof(struct jmap_call *c, const struct domain_row *d)
{
    struct json_w *w = c->w;
    const char *name = reasons[d->reason].name;
    bool missing = d->reason == DOMAIN_NO_RECORD || d->reason == DOMAIN_OTHER_RECORD;
    json_kstr(w, "state", d->pending ? STR("pending") : d->lapsed_ms ? STR("lapsed") : STR("proven"));
    put_record(c, d, d->pending || d->lapsed_ms || (missing && d->token.n));
    json_keyz(w, "checkedAt");
    admin_put_when(w, d->looked_ms);
    json_keyz(w, "reason");
    if (name)
        json_strz(w, name);
    else
        json_none(w);
    json_keyz(w, "reasonText");
    if (!name)
        json_none(w);
    else if (!d->pending && missing)
        put_bilingual(w, gone[1], gone[0]);
    else
        put_bilingual(w, reasons[d->reason].it, reasons[d->reason].en);
    json_keyz(w, "lapsedAt");
    admin_put_when(w, d->lapsed_ms);
}

static void put_domain(struct jmap_call *c, const struct domain_row *d, struct str id)
{
    json_obj(c->w);
    json_kstr(c->w, "id", id);
    json_kstr(c->w, "domain", d->domain);
    json_keyz(c->w, "createdAt");
    admin_put_when(c->w, d->created_ms);
    put_proof(c, d);
    json_obj_end(c->w);
}

int jmap_domain_get(struct jmap_call *c)
{
    static const char *const args[] = {"ids", NULL};
    const json_t *ids = json_object_get(c->args, "ids");
    struct domain_row *rows;
    size_t n;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && ids && !json_is_null(ids) && !json_is_array(ids))
        err = jmap_invalid(c, "ids is neither null nor a list");
    if (!err && json_array_size(ids) > JMAP_OBJECTS_MAX)
        err = JMAP_REQUEST_TOO_LARGE;
    if (!err)
        err = domain_list(c->t, c->arena, c->person->org, &rows, &n);
    if (err)
        return err;
    bool *found = arena_array(c->arena, bool, json_array_size(ids) + 1);
    json_obj(c->w);
    jmap_put_account(c);
    json_keyz(c->w, "list");
    json_arr(c->w);
    for (size_t i = 0; i < n; i++) {
        struct str id = domain_id(c->arena, rows[i].domain);
        bool asked = !json_is_array(ids);
        for (size_t k = 0; k < json_array_size(ids); k++)
            if (str_eq(jmap_json_str(json_array_get(ids, k)), id))
                asked = found[k] = true;
        if (asked)
            put_domain(c, &rows[i], id);
    }
    json_arr_end(c->w);
    json_keyz(c->w, "notFound");
    json_arr(c->w);
    for (size_t k = 0; k < json_array_size(ids); k++)
        if (!found[k])
            jmap_put_value(c->w, json_array_get(ids, k));
    json_arr_end(c->w);
    json_obj_end(c->w);
    return 0;
}

/* ---- set ---- */

static int domain_refusal(struct jmap_call *c, struct jmap_obj *o, int r, const struct err *e)
{
    switch (r) {
    case 0: return 0;
    case DOMAIN_TAKEN:
        return jmap_obj_say(o, "invalidProperties", "domain", "This domain belongs to another firm here.",
                            "Questo dominio è di un'altra azienda su questo server.");
    case DOMAIN_UNKNOWN: return jmap_obj_refuse(o, "notFound", NULL);
    case DOMAIN_IN_USE:
        return jmap_obj_say(o, "forbidden", NULL, "There are still addresses in this domain.",
                            "In questo dominio ci sono ancora indirizzi.");
    case DOMAIN_LAST:
        return jmap_obj_say(o, "forbidden", NULL, "A firm keeps at least one domain.",
                            "A un'azienda resta sempre almeno un dominio.");
    case DOMAIN_TOO_MANY:
        return jmap_obj_say(o, "overQuota", NULL, "This firm has as many domains as it may.",
                            "Questa azienda ha già tutti i domini che può avere.");
    case DOMAIN_HAVE:
        return jmap_obj_say(o, "alreadyExists", NULL, "The firm has this domain already.",
                            "L'azienda ha già questo dominio.");
    case DOMAIN_TOO_LONG:
        return jmap_obj_say(o, "invalidProperties", "domain", "This name is too long to be proven.",
                            "Questo nome è troppo lungo per essere verificato.");
    default: return jmap_obj_refuse(o, "serverFail", e->text[0] ? arena_z(c->arena, str_c(e->text)) : NULL);
    }
}

static void put_set(struct jmap_call *c, const struct jmap_obj *o)
{
    if (o->data)
        put_proof(c, o->data);
}

static void create(struct jmap_call *c, struct jmap_obj *o)
{
    struct err e = {0};
    struct str domain;
    const struct jmap_person *me = c->person;
    if (json_object_size(o->value) != 1 ||
        domain_key(c->arena, jmap_json_str(json_object_get(o->value, "domain")), &domain, &e) != 0) {
        jmap_obj_say(o, "invalidProperties", "domain", "A domain is expected, and nothing else.",
                     "Serve un dominio, e nient'altro.");
        return;
    }
    o->existing = domain_id(c->arena, domain);
    struct domain_row *row = arena_new(c->arena, struct domain_row);
    int r = domain_claim(c->t->store, c->arena, me->cell, me->org, domain, me->address, row, &e);
    (void)domain_refusal(c, o, r, &e);
    o->data = row;
}

static void destroy(struct jmap_call *c, struct jmap_obj *o)
{
    struct err e = {0};
    const struct jmap_person *me = c->person;
    struct str domain = domain_of_id(c->arena, o->key);
    int r = domain.n ? domain_remove(c->t->store, me->cell, me->org, domain, me->address, &e) : DOMAIN_UNKNOWN;
    (void)domain_refusal(c, o, r, &e);
}

static enum domain_reason reason_of(const struct jmap_look *l, struct str token)
{
    return l->status == JMAP_LOOK_NO_ANSWER ? DOMAIN_NO_ANSWER
                                            : domain_proof_in(l->text, l->status == JMAP_LOOK_FOUND ? l->n : 0, token);
}

/* A person's look at what was proven once: it can only make good. */
static void prove_again(struct jmap_call *c, struct jmap_obj *o, struct domain_row *d, const struct jmap_look *l)
{
    struct err e = {0};
    enum domain_change change;
    struct domain_look look = {c->person->org, d->domain, c->person->address, reason_of(l, d->token), 0};
    int r = domain_proof_looked(c->t->store, c->person->cell, &look, &change, &e);
    (void)domain_refusal(c, o, r, &e);
    d->reason = look.reason;
    if (look.reason != DOMAIN_NO_ANSWER)
        d->looked_ms = env_wall_ms(c->t->env);
    if (look.reason == DOMAIN_NOT_LOOKED)
        d->lapsed_ms = 0;
    o->data = d;
}

static void prove(struct jmap_call *c, struct jmap_obj *o, struct domain_row *d, const struct jmap_look *l)
{
    struct err e = {0};
    const struct jmap_person *me = c->person;
    enum domain_reason reason = reason_of(l, d->token);
    int r = 0;
    if (reason == DOMAIN_NOT_LOOKED)
        r = domain_add(c->t->store, me->cell, me->org, d->domain, DOMAIN_BY_PROOF, me->address, &e);
    if (r == DOMAIN_TAKEN)
        reason = DOMAIN_TAKEN_FIRST;
    if (reason != DOMAIN_NOT_LOOKED)
        r = domain_looked(c->t->store, me->cell, me->org, d->domain, reason, &e);
    (void)domain_refusal(c, o, r, &e);
    d->looked_ms = env_wall_ms(c->t->env);
    d->pending = reason != DOMAIN_NOT_LOOKED;
    d->reason = reason;
    o->data = d;
}

/* What was seen at a name: by the whole name, since the list of pending domains may be another one than before the look. */
static const struct jmap_look *seen_at(const struct jmap_call *c, struct str name)
{
    for (size_t i = 0; i < c->n_looked; i++)
        if (str_eq(c->looked[i].name, name))
            return &c->looked[i];
    return NULL;
}

/* The first pass gathers the names to look at, the second uses what was seen. */
static int update_all(struct jmap_call *c, struct admin_list *l)
{
    bool more = false;
    for (size_t i = 0; i < l->n; i++) {
        struct jmap_obj *o = &l->obj[i];
        if (o->op != JMAP_UPDATE)
            continue;
        struct str domain = domain_of_id(c->arena, o->key);
        struct domain_row *d = arena_new(c->arena, struct domain_row);
        struct str name = arena_printf(c->arena, DOMAIN_PROOF_LABEL ".%.*s", STRF(domain));
        const struct jmap_look *seen = seen_at(c, name);
        int r = domain.n ? domain_get(c->t, c->arena, c->person->org, domain, d) : 0;
        if (r < 0)
            return r;
        if (r == 0)
            jmap_obj_refuse(o, "notFound", NULL);
        else if (json_object_size(o->value) != 1 || !json_is_true(json_object_get(o->value, "verify")))
            jmap_obj_say(o, "invalidProperties", "verify", "Only {verify: true} can be set.",
                         "Si può impostare solo {verify: true}.");
        else if (!d->pending && d->token.n == 0) /* the operator's word: nothing to look for */
            o->data = d;
        else if (!c->looked)
            more = jmap_look(c, name) || more;
        else if (seen && !d->pending)
            prove_again(c, o, d, seen);
        else if (seen)
            prove(c, o, d, seen);
        else /* named meanwhile by another session */
            jmap_obj_refuse(o, "serverFail", "Try again.");
    }
    return more ? JMAP_LOOKS : 0;
}

int jmap_domain_set(struct jmap_call *c)
{
    static const char *const args[] = {"create", "update", "destroy", NULL};
    struct admin_list *l = arena_new(c->arena, struct admin_list);
    *l = (struct admin_list){.put = put_set, .named = true};
    int err = admin_list_read(c, l, args);
    if (!err)
        err = update_all(c, l);
    if (err)
        return err;
    for (size_t i = 0; i < l->n; i++) {
        if (l->obj[i].op == JMAP_CREATE)
            create(c, &l->obj[i]);
        else if (l->obj[i].op == JMAP_DESTROY)
            destroy(c, &l->obj[i]);
    }
    admin_list_put(c, l);
    return 0;
}
