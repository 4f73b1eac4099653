#include "guard/near.h"
#include "guard/lists.h"

#define EDITS 2
#define TOKENS_MAX 6u
#define DIGITS_MAX 4u
#define NAME_READ 100u /* bytes of a display name, and words of it, that are looked up as a label */
#define NAME_WORDS 3u
#define ABBREVIATION_LEAST 9u

/* Words that are put beside a name. Those about money come with their own weight. */
static const struct affix {
    const char *word;
    bool pay;
} affixes[] = {
    {"account", true},
    {"accounting", true},
    {"accounts", true},
    {"administration", true},
    {"amministrazione", true},
    {"bank", true},
    {"banking", true},
    {"bill", true},
    {"billing", true},
    {"buchhaltung", true},
    {"contabilita", true},
    {"fattura", true},
    {"fatturazione", true},
    {"fatture", true},
    {"finance", true},
    {"iban", true},
    {"invoice", true},
    {"invoices", true},
    {"invoicing", true},
    {"pagamenti", true},
    {"pagamento", true},
    {"pay", true},
    {"payable", true},
    {"payment", true},
    {"payments", true},
    {"rechnung", true},
    {"zahlung", true},
    {"ag", false},
    {"automation", false},
    {"bv", false},
    {"cloud", false},
    {"co", false},
    {"com", false},
    {"company", false},
    {"contact", false},
    {"corp", false},
    {"corporation", false},
    {"de", false},
    {"digital", false},
    {"eu", false},
    {"europa", false},
    {"europe", false},
    {"export", false},
    {"fr", false},
    {"gmbh", false},
    {"group", false},
    {"gruppo", false},
    {"gruppe", false},
    {"holding", false},
    {"hq", false},
    {"inc", false},
    {"info", false},
    {"international", false},
    {"intl", false},
    {"it", false},
    {"italia", false},
    {"italy", false},
    {"llc", false},
    {"logistics", false},
    {"ltd", false},
    {"mail", false},
    {"mailer", false},
    {"net", false},
    {"office", false},
    {"online", false},
    {"order", false},
    {"orders", false},
    {"ordini", false},
    {"partner", false},
    {"partners", false},
    {"portal", false},
    {"sales", false},
    {"sas", false},
    {"secure", true},
    {"service", false},
    {"services", false},
    {"shop", false},
    {"snc", false},
    {"spa", false},
    {"srl", false},
    {"srls", false},
    {"store", false},
    {"support", false},
    {"supply", false},
    {"team", false},
    {"trade", false},
    {"trading", false},
    {"uk", false},
    {"us", false},
    {"usa", false},
    {"vendite", false},
    {"web", false},
    {"world", false},
    {"worldwide", false},
    {"www", false},
};
/* Labels that name a trade or a service, not a firm: one inside another says nothing. */
static const char *const generic[] = {
    "academy",        "agency",     "amministrazione", "architetti",    "assicurazioni", "automation", "autohaus",
    "automotive",     "avvocati",   "business",        "components",    "computer",      "consulting", "consulenza",
    "commercialisti", "company",    "customer",        "design",        "digital",       "edilizia",   "electronics",
    "elettronica",    "energia",    "energy",          "engineering",   "express",       "factory",    "finance",
    "foundation",     "formazione", "freight",         "global",        "group",         "gruppo",     "holding",
    "hosting",        "hotels",     "immobiliare",     "impianti",      "industria",     "industrie",  "industries",
    "informatica",    "ingegneria", "insurance",       "international", "invoice",       "italia",     "logistica",
    "logistic",       "logistics",  "marketing",       "maschinenbau",  "media",         "mediagroup", "meccanica",
    "network",        "newsletter", "notify",          "online",        "partner",       "partners",   "payment",
    "payments",       "portal",     "ristorante",      "security",      "server",        "service",    "services",
    "sistemi",        "solution",   "solutions",       "software",      "speditionen",   "spedizioni", "studio",
    "supply",         "support",    "system",          "systems",       "technik",       "technology", "technologies",
    "tecnica",        "telecom",    "trading",         "transport",     "trasporti",     "travel",     "university",
    "ventures",
};

static char plain_of(char c) { return c == 'i' ? 'l' : c; }

/* The word, as it stands in a plain label. */
static bool plain_eq(struct str plain, const char *word)
{
    size_t n = plain.n && plain.p[0] == plain_of(word[0]) ? strlen(word) : 0; /* most differ at once */
    if (n == 0 || plain.n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (plain.p[i] != plain_of(word[i]))
            return false;
    return true;
}

static bool is_generic(struct str plain)
{
    for (size_t i = 0; i < N_ELEMENTS(generic); i++)
        if (plain_eq(plain, generic[i]))
            return true;
    for (size_t i = 0; i < N_ELEMENTS(affixes); i++)
        if (plain_eq(plain, affixes[i].word))
            return true;
    return false;
}

static const struct affix *affix_of(struct str plain)
{
    for (size_t i = 0; i < N_ELEMENTS(affixes); i++)
        if (plain_eq(plain, affixes[i].word))
            return &affixes[i];
    return NULL;
}

static struct str plain(const struct guard_label *l) { return str_n(l->plain, l->n_plain); }
static struct str skeleton(const struct guard_label *l) { return str_n(l->skeleton, l->n_skeleton); }
static struct str shown(const struct guard_label *l) { return str_n(l->shown, l->n_shown); }

unsigned guard_edits(struct str x, struct str y, unsigned max)
{
    unsigned row[3][GUARD_LABEL_MAX * 4 + 2], *prev2 = row[0], *prev = row[1], *now = row[2];
    if (x.n > GUARD_LABEL_MAX * 4 || y.n > GUARD_LABEL_MAX * 4 || (x.n > y.n ? x.n - y.n : y.n - x.n) > max)
        return max + 1;
    for (size_t j = 0; j <= y.n; j++)
        prev[j] = (unsigned)j;
    for (size_t i = 1; i <= x.n; i++) {
        unsigned least = now[0] = (unsigned)i;
        for (size_t j = 1; j <= y.n; j++) {
            unsigned d = prev[j - 1] + (x.p[i - 1] != y.p[j - 1]);
            if (prev[j] + 1 < d)
                d = prev[j] + 1;
            if (now[j - 1] + 1 < d)
                d = now[j - 1] + 1;
            if (i > 1 && j > 1 && x.p[i - 1] == y.p[j - 2] && x.p[i - 2] == y.p[j - 1] && prev2[j - 2] + 1 < d)
                d = prev2[j - 2] + 1;
            now[j] = d;
            least = d < least ? d : least;
        }
        if (least > max)
            return max + 1;
        unsigned *t = prev2;
        prev2 = prev;
        prev = now;
        now = t;
    }
    return prev[y.n] <= max ? prev[y.n] : max + 1;
}

/* The same letters but for the hyphens? */
static bool same_letters(struct str x, struct str y)
{
    size_t i = 0, j = 0;
    for (;;) {
        while (i < x.n && x.p[i] == '-')
            i++;
        while (j < y.n && y.p[j] == '-')
            j++;
        if (i == x.n || j == y.n)
            return i == x.n && j == y.n;
        if (x.p[i++] != y.p[j++])
            return false;
    }
}

/* Digits at the end of a label: "rossi24". A row of up to DIGITS_MAX. */
static size_t digits_after(const struct guard_label *l)
{
    size_t n = 0;
    while (n < DIGITS_MAX && n < l->n_shown && ascii_is_digit(l->shown[l->n_shown - 1 - n]))
        n++;
    return n;
}

/* The shorter one is how the longer one begins: "lindnerpapier" for "lindnerpapiertechnik". */
static bool abbreviates(const struct guard_label *x, const struct guard_label *y)
{
    struct str p = plain(x), q = plain(y);
    struct str less = p.n < q.n ? p : q, more = p.n < q.n ? q : p;
    return less.n >= ABBREVIATION_LEAST && less.n * 3 >= more.n * 2 - 3 && str_starts(more, less) && !is_generic(less);
}

/* known stands inside of whole, parted by hyphens, or glued to digits or words like "group". */
static enum guard_likeness inside(const struct guard_label *whole, const struct guard_label *known)
{
    struct str w = plain(whole), k = plain(known), rest = shown(whole), token;
    if (k.n < GUARD_NEAR_WORD_MIN || w.n <= k.n || is_generic(k))
        return LIKE_NONE;
    bool head = str_starts(w, k), tail = str_ends(w, k);
    if (head && w.n - k.n <= digits_after(whole))
        return LIKE_WORD;
    if (head || tail) {
        const struct affix *f = affix_of(head ? str_from(w, k.n) : str_upto(w, w.n - k.n));
        if (f)
            return f->pay ? LIKE_PAY_WORD : LIKE_WORD;
    }
    if (str_chr(rest, '-', 0) < 0)
        return LIKE_NONE;
    /* Tokens in a row that together are the known label; the others decide what kind it is. */
    size_t at[TOKENS_MAX + 1] = {0}, n = 0;
    bool pay = false;
    while (rest.n > 0 && n < TOKENS_MAX) {
        struct guard_label t;
        str_token(&rest, '-', &token);
        guard_label_read(token, &t);
        const struct affix *f = affix_of(plain(&t));
        pay = pay || (f && f->pay);
        at[n + 1] = at[n] + t.n_plain;
        n++;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j <= n; j++)
            if (at[j] <= w.n && str_eq(str_n(w.p + at[i], at[j] - at[i]), k))
                return pay ? LIKE_PAY_WORD : LIKE_WORD;
    return LIKE_NONE;
}

static enum guard_likeness letters(const struct guard_label *x, const struct guard_label *k, bool same_suffix)
{
    struct str p = plain(x), q = plain(k);
    size_t n = q.n < p.n ? q.n : p.n;
    unsigned d = guard_edits(p, q, EDITS);
    if (d == 0 || (d > EDITS) || n < GUARD_NEAR_LETTERS)
        return LIKE_NONE;
    if (d == 1 && n >= 7)
        return LIKE_LETTER;
    /* Five or six letters: another letter is another word; one left out, doubled or swapped is not. */
    if (d == 1)
        return same_suffix && (p.n != q.n || guard_edits(p, q, 0) != 0) && p.p[0] == q.p[0] &&
                       p.p[p.n - 1] == q.p[q.n - 1] && n >= 6
                   ? LIKE_LETTER
                   : LIKE_NONE;
    return q.n >= 9 && (same_suffix || q.n >= 12) ? LIKE_LETTERS : LIKE_NONE;
}

enum guard_likeness guard_near_compare(struct str domain, struct str known)
{
    struct guard_label x;
    guard_label_read(guard_label(domain), &x);
    return guard_near_with(&x, domain, known);
}

enum guard_likeness guard_near_with(const struct guard_label *x, struct str domain, struct str known)
{
    struct guard_label k;
    struct str lx = guard_label(domain), lk = guard_label(known);
    if (str_eq(domain, known) || lk.n < 4 || lx.n < 4)
        return LIKE_NONE;
    guard_label_read(lk, &k);
    bool same_suffix = str_eq(str_from(domain, lx.n), str_from(known, lk.n));
    if (str_eq(lx, lk))
        return x->n_plain >= GUARD_NEAR_LETTERS && !is_generic(plain(&k)) ? LIKE_SUFFIX : LIKE_NONE;
    if (str_eq(skeleton(x), skeleton(&k))) {
        if (x->script & SCRIPT_FOREIGN)
            return LIKE_FOREIGN;
        if (x->n_plain < GUARD_NEAR_LETTERS)
            return LIKE_NONE;
        if (same_letters(shown(x), shown(&k)))
            return LIKE_HYPHEN;
        return (x->script | k.script) & SCRIPT_ACCENT ? LIKE_LETTER : LIKE_GLYPH;
    }
    enum guard_likeness like = letters(x, &k, same_suffix);
    if (like != LIKE_NONE)
        return x->script & SCRIPT_FOREIGN ? LIKE_FOREIGN : like;
    like = inside(x, &k);
    return like != LIKE_NONE ? like : inside(&k, x) != LIKE_NONE || abbreviates(x, &k) ? LIKE_WORD : LIKE_NONE;
}

struct str guard_near_joined(struct arena *a, struct str left, struct str registrable)
{
    if (left.n == 0)
        return STR("");
    struct str s = arena_printf(a, "%.*s-%.*s", STRF(left), STRF(guard_label(registrable)));
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '.')
            ((char *)(uintptr_t)s.p)[i] = '-';
    return s;
}

enum guard_likeness guard_near_within(struct str joined, struct str known)
{
    struct guard_label x, k;
    guard_label_read(joined, &x);
    guard_label_read(guard_label(known), &k);
    return inside(&x, &k);
}

/* ---- keys ---- */

/* Piece i of n letters in three: where it begins and how long it is; the last ones are the longer ones. */
static size_t piece_len(size_t n, size_t i) { return n / 3 + (i >= 3 - n % 3); }
static size_t piece_at(size_t n, size_t i)
{
    size_t at = 0;
    for (size_t k = 0; k < i; k++)
        at += piece_len(n, k);
    return at;
}

static struct str piece_key(struct arena *a, size_t n, size_t i, struct str bytes)
{
    return arena_printf(a, "%zu:%zu:%.*s", n, i, STRF(bytes));
}

static struct str skeleton_key(struct arena *a, const struct guard_label *l)
{
    return arena_printf(a, "=%.*s", STRF(skeleton(l)));
}

struct str guard_near_word(struct arena *a, struct str word)
{
    struct guard_label l;
    guard_label_read(word, &l);
    return l.n_plain < GUARD_NEAR_WORD_MIN || is_generic(plain(&l)) ? STR("") : skeleton_key(a, &l);
}

/* The label without digits at its end or a word like "group" at its end or beginning; empty when it has none or little is left. */
static struct str core_of(const struct guard_label *l)
{
    struct str p = plain(l);
    size_t digits = digits_after(l);
    if (digits > 0 && p.n >= digits + GUARD_NEAR_WORD_MIN)
        return str_upto(p, p.n - digits);
    for (size_t i = 0; i < N_ELEMENTS(affixes); i++) {
        size_t n = strlen(affixes[i].word);
        if (p.n < n + GUARD_NEAR_WORD_MIN || n < 3)
            continue;
        if (plain_eq(str_from(p, p.n - n), affixes[i].word))
            return str_upto(p, p.n - n);
        if (plain_eq(str_upto(p, n), affixes[i].word))
            return str_from(p, n);
    }
    return STR("");
}

size_t guard_near_teach(struct arena *a, struct str registrable, struct str out[GUARD_NEAR_TEACH_MAX])
{
    struct guard_label l;
    size_t n = 0;
    guard_label_read(guard_label(registrable), &l);
    struct str p = plain(&l), core = core_of(&l);
    if (p.n < GUARD_NEAR_LETTERS || is_generic(p))
        return 0;
    out[n++] = skeleton_key(a, &l);
    if (core.n > 0 && !is_generic(core))
        out[n++] = guard_near_word(a, core);
    for (size_t i = 0; i < 3; i++)
        out[n++] = piece_key(a, p.n, i, str_n(p.p + piece_at(p.n, i), piece_len(p.n, i)));
    return n;
}

static void ask(struct guard_keys *out, struct str key)
{
    if (key.n == 0 || key.n > GUARD_KEY_MAX || out->n >= GUARD_KEYS_MAX)
        return;
    for (size_t i = 0; i < out->n; i++)
        if (out->v[i].kind == KNOWN_NEAR && str_eq(out->v[i].key, key))
            return;
    out->v[out->n++] = (struct guard_key){KNOWN_NEAR, key};
}

/* Pieces that a known label of n letters shares with this one of m after at most two edits: the window of positions is
 * the "multi-match-aware" selection of Li, Deng, Wang, Feng (Pass-Join, VLDB 2012), 19 keys in all. */
static void ask_pieces(struct arena *a, struct str p, ptrdiff_t n, struct guard_keys *out)
{
    ptrdiff_t m = (ptrdiff_t)p.n, delta = m - n;
    for (ptrdiff_t i = 0; i < 3; i++) {
        ptrdiff_t at = (ptrdiff_t)piece_at((size_t)n, (size_t)i), len = (ptrdiff_t)piece_len((size_t)n, (size_t)i);
        ptrdiff_t lo = at - i, hi = at + i;
        lo = lo > at + delta - (EDITS - i) ? lo : at + delta - (EDITS - i);
        hi = hi < at + delta + (EDITS - i) ? hi : at + delta + (EDITS - i);
        for (ptrdiff_t q = lo < 0 ? 0 : lo; q <= hi && q + len <= m; q++)
            ask(out, piece_key(a, (size_t)n, (size_t)i, str_n(p.p + q, (size_t)len)));
    }
}

static void ask_words(struct arena *a, const struct guard_label *l, struct guard_keys *out)
{
    struct str rest = shown(l), token[TOKENS_MAX];
    size_t n = 0;
    ask(out, guard_near_word(a, core_of(l)));
    while (rest.n > 0 && n < TOKENS_MAX)
        str_token(&rest, '-', &token[n++]);
    for (size_t i = 0; n > 1 && i < n; i++)
        for (size_t j = i; j < n; j++)
            if (i > 0 || j + 1 < n)
                ask(out, guard_near_word(a, str_n(token[i].p, (size_t)(token[j].p + token[j].n - token[i].p))));
}

void guard_near_ask_within(struct arena *a, struct str joined, struct guard_keys *out)
{
    struct guard_label l;
    guard_label_read(joined, &l);
    ask_words(a, &l, out);
}

void guard_near_ask_name(struct arena *a, struct str name, struct guard_keys *out)
{
    char *glued = arena_alloc(a, NAME_READ * 4 + 1);
    struct str rest = guard_text_fold(a, name, NAME_READ), word;
    size_t n = 0;
    for (size_t i = 0; i < NAME_WORDS && str_token(&rest, ' ', &word); i++) {
        memcpy(glued + n, word.p, word.n);
        n += word.n;
        ask(out, guard_near_word(a, arena_str(a, str_upto(str_n(glued, n), GUARD_LABEL_MAX))));
    }
}

void guard_near_ask(struct arena *a, struct str registrable, struct guard_keys *out)
{
    struct guard_label l;
    guard_label_read(guard_label(registrable), &l);
    if (l.n_plain < 4)
        return;
    ask(out, skeleton_key(a, &l));
    ask_words(a, &l, out);
    for (ptrdiff_t n = (ptrdiff_t)l.n_plain - EDITS; n <= (ptrdiff_t)l.n_plain + EDITS; n++)
        if (n >= (ptrdiff_t)GUARD_NEAR_LETTERS)
            ask_pieces(a, plain(&l), n, out);
}

const char *guard_likeness_name(enum guard_likeness k)
{
    static const char *const names[LIKE_COUNT] = {
        [LIKE_NONE] = "none",           [LIKE_FOREIGN] = "script", [LIKE_GLYPH] = "glyph",
        [LIKE_SUBDOMAIN] = "subdomain", [LIKE_LETTER] = "letter",  [LIKE_LETTERS] = "letters",
        [LIKE_PAY_WORD] = "pay-word",   [LIKE_HYPHEN] = "hyphen",  [LIKE_WORD] = "word",
        [LIKE_SUFFIX] = "suffix"};
    return (size_t)k < LIKE_COUNT ? names[k] : "none";
}
