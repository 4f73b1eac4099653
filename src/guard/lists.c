#include "guard/lists.h"
#include "guard/lexicon.h"
#include <libpsl.h>
#include <stdlib.h>

#define HOST_TEXT_MAX 255u

struct guard_lists {
    psl_ctx_t *psl;
    struct guard_lexicon *lexicon;
};
#define LIST(z) {z, sizeof(z) - 1},
static const struct str freemail[] = {
#include "guard/list_freemail.def"
};
static const struct str shortener[] = {
#include "guard/list_shortener.def"
};
static const struct str free_hosting[] = {
#include "guard/list_free_hosting.def"
};
static const struct str mailer[] = {
#include "guard/list_mailer.def"
};
static const struct str cheap_tld[] = {
#include "guard/list_cheap_tld.def"
};
#undef LIST

int guard_lists_open(struct guard_lists **out, struct err *e)
{
    struct guard_lists *l = calloc(1, sizeof *l);
    if (!l || !(l->psl = psl_latest(NULL))) {
        free(l);
        return err_set(e, ERR_NOMEM,
                       "The list of public domain endings could not be loaded. Nothing was lost. Install the package "
                       "publicsuffix and start again.");
    }
    int r = guard_lexicon_open(&l->lexicon, e);
    if (r != 0) {
        guard_lists_close(&l);
        return r;
    }
    *out = l;
    return 0;
}

const struct guard_lexicon *guard_lists_lexicon(const struct guard_lists *l) { return l ? l->lexicon : NULL; }

void guard_lists_close(struct guard_lists **l)
{
    if (!*l)
        return;
    guard_lexicon_close(&(*l)->lexicon);
    psl_free((*l)->psl);
    free(*l);
    *l = NULL;
}

struct str guard_registrable(const struct guard_lists *l, struct str domain)
{
    char z[HOST_TEXT_MAX + 1];
    if (domain.n == 0 || domain.n > HOST_TEXT_MAX || domain.p[0] == '[')
        return domain;
    if (!l) {
        ptrdiff_t last = str_rchr(domain, '.');
        ptrdiff_t before = last < 0 ? -1 : str_rchr(str_upto(domain, (size_t)last), '.');
        return str_from(domain, (size_t)(before + 1));
    }
    memcpy(z, domain.p, domain.n);
    z[domain.n] = '\0';
    const char *found = psl_registrable_domain(l->psl, z);
    return found ? str_from(domain, (size_t)(found - z)) : domain;
}

struct str guard_label(struct str registrable)
{
    ptrdiff_t dot = str_chr(registrable, '.', 0);
    return dot < 0 ? registrable : str_upto(registrable, (size_t)dot);
}

struct str guard_tld(struct str domain)
{
    ptrdiff_t dot = str_rchr(domain, '.');
    return str_from(domain, (size_t)(dot + 1));
}

static bool listed(const struct str *v, size_t n, struct str key)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = str_cmp(v[mid], key);
        if (c == 0)
            return true;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

/* host itself or any domain above it, so that "x.web.app" is found by "web.app". */
static bool listed_above(const struct str *v, size_t n, struct str host)
{
    for (;;) {
        if (listed(v, n, host))
            return true;
        ptrdiff_t dot = str_chr(host, '.', 0);
        if (dot < 0)
            return false;
        host = str_from(host, (size_t)dot + 1);
    }
}

bool guard_is_freemail(struct str registrable) { return listed_above(freemail, N_ELEMENTS(freemail), registrable); }
bool guard_is_shortener(struct str host) { return listed_above(shortener, N_ELEMENTS(shortener), host); }
bool guard_is_free_hosting(struct str host) { return listed_above(free_hosting, N_ELEMENTS(free_hosting), host); }
bool guard_is_mailer(struct str registrable) { return listed_above(mailer, N_ELEMENTS(mailer), registrable); }
bool guard_is_cheap_tld(struct str tld) { return listed(cheap_tld, N_ELEMENTS(cheap_tld), tld); }
