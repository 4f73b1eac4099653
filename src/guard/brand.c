/* Whose name is this? Brands by the words that claim them and by the domains that are theirs. Almost every mail and host is asked about, and almost none
 * has to do with any: words and domains lie flat, domains under a hash, words with a mask of their letters. */
#include "core/hash.h"
#include "guard/lists.h"
#include <stdatomic.h>
#include <stdlib.h>

const struct guard_brand guard_brands[] = {
#define BRAND(name, words, domains) {name, words, domains, sizeof(words) - 1, sizeof(domains) - 1},
#include "guard/list_brand.def"
#undef BRAND
    {NULL, NULL, NULL, 0, 0},
};

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

/* ---- the index, made at the first question and kept ---- */

struct entry {
    struct str text;
    uint32_t letters; /* of a word: which stand in it */
    uint16_t brand;
    uint32_t next; /* of a domain: the next one under its hash, + 1 */
};
#define SLOTS 4096u /* several times the domains and words */
struct index {
    struct entry *word, *domain;
    size_t n_words, n_domains;
    uint32_t word_at[SLOTS], domain_at[SLOTS]; /* + 1; the first brand of the table first */
};
static _Atomic(struct index *) the_index;

/* One bit for each letter, one for all digits, one for what else there is. */
static uint32_t letters_of(struct str s)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bits |= 1u << (c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') : ascii_is_digit((char)c) ? 26u : 27u);
    }
    return bits;
}

static size_t split(const struct guard_brand *b, bool words, struct entry *out)
{
    struct str rest = words ? str_n(b->words, b->n_words) : str_n(b->domains, b->n_domains), one;
    size_t n = 0;
    while (str_token(&rest, words ? '|' : ' ', &one)) {
        if (out && one.n)
            out[n] = (struct entry){one, letters_of(one), (uint16_t)(b - guard_brands), 0};
        n += one.n > 0;
    }
    return n;
}

static void link_in(struct entry *v, size_t n, uint32_t *at)
{
    for (size_t i = n; i-- > 0;) {
        uint32_t *slot = &at[hash64(v[i].text) % SLOTS];
        v[i].next = *slot;
        *slot = (uint32_t)i + 1;
    }
}

static struct index *index_new(void)
{
    struct index *x = calloc(1, sizeof *x);
    size_t words = 0, domains = 0;
    for (const struct guard_brand *b = guard_brands; b->name; b++) {
        words += split(b, true, NULL);
        domains += split(b, false, NULL);
    }
    if (!x || !(x->word = calloc(words + domains, sizeof *x->word)))
        abort();
    x->domain = x->word + words;
    for (const struct guard_brand *b = guard_brands; b->name; b++) {
        x->n_words += split(b, true, x->word + x->n_words);
        x->n_domains += split(b, false, x->domain + x->n_domains);
    }
    link_in(x->word, x->n_words, x->word_at);
    link_in(x->domain, x->n_domains, x->domain_at);
    return x;
}

static const struct index *brands(void)
{
    struct index *x = atomic_load_explicit(&the_index, memory_order_acquire), *none = NULL;
    if (LIKELY(x != NULL))
        return x;
    x = index_new();
    if (atomic_compare_exchange_strong(&the_index, &none, x))
        return x;
    free(x->word);
    free(x); /* another thread was faster */
    return none;
}

/* The first brand of the table that has this word or domain, if it comes before `best`. */
static const struct guard_brand *first_of(const struct entry *v, const uint32_t *at, struct str key,
                                          const struct guard_brand *best)
{
    for (uint32_t i = at[hash64(key) % SLOTS]; i; i = v[i - 1].next)
        if (str_eq(v[i - 1].text, key))
            return !best || guard_brands + v[i - 1].brand < best ? guard_brands + v[i - 1].brand : best;
    return best;
}

const struct guard_brand *guard_brand_in(struct str text)
{
    const struct index *x = brands();
    const struct entry *best = NULL;
    bool begins[256] = {false}; /* how words of the text begin */
    uint32_t lacks = ~letters_of(text);
    for (size_t i = 0; i < text.n; i++)
        if (i == 0 || !word_byte(text.p[i - 1]))
            begins[(unsigned char)text.p[i]] = true;
    for (const struct entry *w = x->word; w < x->word + x->n_words; w++)
        if (!(w->letters & lacks) && w->text.n > (best ? best->text.n : 0) && w->text.n <= text.n &&
            begins[(unsigned char)w->text.p[0]] && whole_word(text, w->text))
            best = w;
    return best ? guard_brands + best->brand : NULL;
}

/* An ending under which a brand's very word is its own: "dpd.com.pl" is DPD's although no list can name every country. */
static bool common_ending(struct str tld)
{
    return (tld.n == 2 || str_eq(tld, STR("com")) || str_eq(tld, STR("net")) || str_eq(tld, STR("org"))) &&
           !guard_is_cheap_tld(tld);
}

static bool brand_abroad(const struct guard_brand *b, struct str registrable)
{
    struct str label = guard_label(registrable), rest = str_n(b->words, b->n_words), word;
    if (str_find(rest, label, 0) < 0 || !common_ending(guard_tld(registrable)))
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
    const struct index *x = brands();
    const struct guard_brand *best = NULL;
    if (common_ending(guard_tld(registrable)))
        best = first_of(x->word, x->word_at, guard_label(registrable), best);
    for (struct str above = registrable;;) {
        best = first_of(x->domain, x->domain_at, above, best);
        ptrdiff_t dot = str_chr(above, '.', 0);
        if (dot < 0)
            return best;
        above = str_from(above, (size_t)dot + 1);
    }
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
    const struct index *x = brands();
    struct str label = guard_label(registrable);
    uint32_t lacks = ~letters_of(label);
    for (const struct entry *w = x->word; w < x->word + x->n_words && label.n >= WORN_LEAST; w++) {
        uint32_t missing = w->letters & lacks; /* one letter may be another's */
        if (!(missing & (missing - 1)) && wears(label, w->text))
            return guard_brand_owns(guard_brands + w->brand, registrable) ? NULL : guard_brands + w->brand;
    }
    return NULL;
}
