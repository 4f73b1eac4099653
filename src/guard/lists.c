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

const struct guard_brand guard_brands[] = {
#define BRAND(name, words, domains) {name, words, domains, sizeof(words) - 1, sizeof(domains) - 1},
#include "guard/list_brand.def"
#undef BRAND
    {NULL, NULL, NULL, 0, 0},
};

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

static bool word_byte(char c) { return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80; }

static bool whole_word(struct str text, struct str word)
{
    for (ptrdiff_t at = str_find(text, word, 0); at >= 0; at = str_find(text, word, (size_t)at + 1)) {
        size_t end = (size_t)at + word.n;
        if ((at == 0 || !word_byte(text.p[at - 1])) && (end == text.n || !word_byte(text.p[end])))
            return true;
    }
    return false;
}

const struct guard_brand *guard_brand_in(struct str text)
{
    const struct guard_brand *best = NULL;
    size_t longest = 0;
    bool begins[256] = {false}; /* how words of the text begin */
    for (size_t i = 0; i < text.n; i++)
        if (i == 0 || !word_byte(text.p[i - 1]))
            begins[(unsigned char)text.p[i]] = true;
    for (const struct guard_brand *b = guard_brands; b->name; b++) {
        struct str rest = str_n(b->words, b->n_words), word;
        while (str_token(&rest, '|', &word))
            if (word.n > longest && word.n <= text.n && begins[(unsigned char)word.p[0]] && whole_word(text, word)) {
                best = b;
                longest = word.n;
            }
    }
    return best;
}

/* "dpd.com.pl" is DPD's although no list can name every country: the very word, under a country's or a common ending. */
static bool brand_abroad(const struct guard_brand *b, struct str registrable)
{
    struct str label = guard_label(registrable), tld = guard_tld(registrable), rest = str_n(b->words, b->n_words), word;
    if (str_find(rest, label, 0) < 0) /* most are done here */
        return false;
    bool common = tld.n == 2 || str_eq(tld, STR("com")) || str_eq(tld, STR("net")) || str_eq(tld, STR("org"));
    if (!common || guard_is_cheap_tld(tld))
        return false;
    while (str_token(&rest, '|', &word))
        if (str_eq(word, label))
            return true;
    return false;
}

bool guard_brand_owns(const struct guard_brand *b, struct str registrable)
{
    if (brand_abroad(b, registrable))
        return true;
    struct str rest = str_n(b->domains, b->n_domains), domain, end = guard_tld(registrable);
    if (registrable.n > end.n + 1) {
        ptrdiff_t dot = str_rchr(str_upto(registrable, registrable.n - end.n - 1), '.');
        if (str_find(rest, str_from(registrable, (size_t)(dot + 1)), 0) < 0) /* its last two labels */
            return false;
    }
    while (str_token(&rest, ' ', &domain))
        if (str_eq(domain, registrable) || (registrable.n > domain.n && str_ends(registrable, domain) &&
                                            registrable.p[registrable.n - domain.n - 1] == '.'))
            return true;
    return false;
}

const struct guard_brand *guard_brand_of(struct str registrable)
{
    for (const struct guard_brand *b = guard_brands; b->name; b++)
        if (guard_brand_owns(b, registrable))
            return b;
    return NULL;
}

#define WORN_LEAST 5u

/* Names that honest domains hold for other reasons. */
static const char *const common_names[] = {"apple",     "orange",  "target",  "chase",    "stripe", "ledger",
                                           "norton",    "intuit",  "correos", "express",  "lloyds", "google",
                                           "outlook",   "windows", "aruba",   "facebook", "poste",  "telekom",
                                           "finanzamt", "elster",  "caixa",   "serasa",   "steam"};

static bool common_name(struct str word)
{
    for (size_t i = 0; i < N_ELEMENTS(common_names); i++)
        if (str_eq(word, str_c(common_names[i])))
            return true;
    return false;
}

/* One letter other, more or less, or 1 for l and 0 for o: compared from both ends. */
static bool one_off(struct str a, struct str b)
{
    size_t head = 0, tail = 0, least = a.n < b.n ? a.n : b.n;
    if (a.n > b.n + 1 || b.n > a.n + 1)
        return false;
    while (head < least && a.p[head] == b.p[head])
        head++;
    while (tail < least - head && a.p[a.n - 1 - tail] == b.p[b.n - 1 - tail])
        tail++;
    size_t rest_a = a.n - head - tail, rest_b = b.n - head - tail;
    bool swapped = rest_a == 2 && rest_b == 2 && a.p[head] == b.p[head + 1] && a.p[head + 1] == b.p[head];
    return (rest_a <= 1 && rest_b <= 1) || swapped;
}

/* The word alone is a token, or the only token but one letter; longer names are found glued to other words too. */
static bool wears(struct str label, struct str word)
{
    struct str rest = label, token;
    if (word.n < WORN_LEAST)
        return false;
    bool worn = word.n > WORN_LEAST && one_off(label, word);
    if (!worn && str_find(label, word, 0) >= 0) {
        worn = word.n >= WORN_LEAST + 2;
        while (!worn && str_token(&rest, '-', &token))
            worn = str_eq(token, word);
    }
    return worn && !common_name(word) && str_chr(word, ' ', 0) < 0;
}

const struct guard_brand *guard_brand_worn(struct str registrable)
{
    struct str label = guard_label(registrable);
    for (const struct guard_brand *b = guard_brands; b->name && label.n >= WORN_LEAST; b++) {
        struct str rest = str_n(b->words, b->n_words), word;
        while (str_token(&rest, '|', &word))
            if (wears(label, word))
                return guard_brand_owns(b, registrable) ? NULL : b;
    }
    return NULL;
}
