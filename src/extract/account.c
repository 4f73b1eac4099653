/* Ways to be paid or called that are no IBAN. Each needs a word beside it or a check digit of its own, since a row of
 * digits alone is nothing. */
#include "extract/chars.h"
#include "extract/job.h"
#include "facts/iban.h"

#define ACCOUNT_NEAR 60u
#define ACCOUNT_FAR 160u
#define ACCOUNT_PHONE_LEAST 7u
#define ACCOUNT_PHONE_MOST 15u
#define ACCOUNT_WALLETS_MAX 8u

struct walk {
    struct extract_job *j;
    struct str text;
    uint32_t part;
    enum facts_where where;
    bool crypto; /* a word of that trade stands somewhere */
    struct str wallet[ACCOUNT_WALLETS_MAX];
    size_t wallets;
    size_t phone_until; /* digits up to here follow a word like "call" */
};

static void add(struct walk *w, enum facts_coordinate kind, struct str value, size_t at)
{
    extract_payment(w->j, (struct facts_payment){.kind = kind,
                                                 .where = w->where,
                                                 .value = value,
                                                 .part = w->part,
                                                 .quoted = extract_quoted_at(w->j, w->text, at)});
}

/* A run of min..max digits at or after `at` and before `end`. */
static bool digits(struct str t, size_t at, size_t end, unsigned min, unsigned max, char *out, size_t *from)
{
    end = end < t.n ? end : t.n;
    while (at < end) {
        if (!ascii_is_digit(t.p[at])) {
            at++;
            continue;
        }
        unsigned n = 0;
        size_t i = at;
        for (; i < t.n && ascii_is_digit(t.p[i]); i++, n++)
            if (n < 20)
                out[n] = t.p[i];
        bool alone = (at == 0 || !chars_alnum(t.p[at - 1])) && (i >= t.n || !ascii_is_alpha(t.p[i]));
        if (alone && n >= min && n <= max) {
            out[n] = '\0';
            *from = at;
            return true;
        }
        at = i;
    }
    return false;
}

/* ISO 9362: four letters, a country, two letters or digits, and three more or none. */
static bool is_bic(struct str w)
{
    static const char more[] = "USCAAUJPCNHKSGINZANZKRMXTHMYIDPHTWNGKETZGHCLARCOPEVNLKBDUYECPAMAZW";
    if (w.n != 8 && w.n != 11)
        return false;
    for (size_t i = 0; i < w.n; i++)
        if (!(w.p[i] >= 'A' && w.p[i] <= 'Z') && (i < 6 || !ascii_is_digit(w.p[i])))
            return false;
    if (iban_length(str_n(w.p + 4, 2)) > 0)
        return true;
    for (size_t i = 0; i + 1 < sizeof more - 1; i += 2)
        if (memcmp(more + i, w.p + 4, 2) == 0)
            return true;
    return false;
}

static void bic(struct walk *w, size_t at)
{
    size_t end = at + ACCOUNT_NEAR;
    for (unsigned n = 0; n < 6; n++) {
        struct str word;
        unsigned kinds;
        if (!extract_words_next(&w->j->ctx->words, w->text, &at, &word, &kinds) || at > end)
            return;
        /* Groups of four, as some print it: "UNCR IT MM". */
        if (is_bic(word)) {
            add(w, COORD_BIC, word, (size_t)(word.p - w->text.p));
            return;
        }
    }
}

static size_t back(size_t at, size_t by) { return at > by ? at - by : 0; }

/* A number of an account near `at`, behind it or else before it. */
static bool account_near(struct walk *w, size_t behind, size_t before, unsigned min, unsigned max, char *out)
{
    size_t from;
    return digits(w->text, behind, behind + ACCOUNT_FAR, min, max, out, &from) ||
           digits(w->text, back(before, ACCOUNT_FAR), before, min, max, out, &from);
}

/* Six digits in pairs: 20-40-60, 20 40 60 or 204060. */
static bool pairs(struct str t, size_t at, size_t end, char code[6], size_t *behind)
{
    end = end < t.n ? end : t.n;
    for (; at < end; at++) {
        size_t i = at;
        unsigned n = 0;
        if (!ascii_is_digit(t.p[at]) || (at > 0 && chars_alnum(t.p[at - 1])))
            continue;
        while (i < t.n && n < 6) {
            if (n > 0 && n % 2 == 0 && strchr(" -.", t.p[i]))
                i++;
            if (i >= t.n || !ascii_is_digit(t.p[i]))
                break;
            code[n++] = t.p[i++];
        }
        *behind = i;
        if (n == 6 && (i >= t.n || !chars_alnum(t.p[i])))
            return true;
    }
    return false;
}

static void sort_code(struct walk *w, size_t word_at, size_t at)
{
    char code[24], account[24], both[48];
    size_t behind;
    if (!pairs(w->text, at, at + ACCOUNT_NEAR, code, &behind) || !account_near(w, behind, word_at, 8, 8, account))
        return;
    memcpy(both, code, 6);
    both[6] = '-';
    memcpy(both + 7, account, 8);
    add(w, COORD_ACCOUNT, str_n(both, 15), at);
}

static bool aba_ok(const char *d)
{
    static const unsigned weights[9] = {3, 7, 1, 3, 7, 1, 3, 7, 1};
    unsigned sum = 0;
    for (unsigned i = 0; i < 9; i++)
        sum += (unsigned)(d[i] - '0') * weights[i];
    return sum % 10 == 0 && sum > 0;
}

static void routing(struct walk *w, size_t word_at, size_t at)
{
    char code[24], account[24], both[48];
    size_t from;
    if (!digits(w->text, at, at + ACCOUNT_NEAR, 9, 9, code, &from) || !aba_ok(code) ||
        !account_near(w, from + 9, word_at, 6, 17, account))
        return;
    memcpy(both, code, 9);
    both[9] = '-';
    size_t n = strlen(account);
    memcpy(both + 10, account, n);
    add(w, COORD_ACCOUNT, str_n(both, 10 + n), from);
}

/* BIP 173 checksum: constant 1, or that of BIP 350. */
static bool bech32_ok(struct str s)
{
    static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    static const uint32_t gen[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    ptrdiff_t one = str_rchr(s, '1');
    uint32_t c = 1;
    if (one < 1 || s.n > 90)
        return false;
    for (size_t pass = 0; pass < (size_t)one * 2 + 1 + s.n - (size_t)one - 1; pass++) {
        uint32_t v;
        if (pass < (size_t)one)
            v = (unsigned char)s.p[pass] >> 5;
        else if (pass == (size_t)one)
            v = 0;
        else if (pass <= (size_t)one * 2)
            v = (unsigned char)s.p[pass - (size_t)one - 1] & 31;
        else {
            const char *at = strchr(alphabet, s.p[pass - (size_t)one]);
            if (!at || !*at)
                return false;
            v = (uint32_t)(at - alphabet);
        }
        uint32_t high = c >> 25;
        c = (c & 0x1ffffff) << 5 ^ v;
        for (unsigned i = 0; i < 5; i++)
            c ^= high >> i & 1 ? gen[i] : 0;
    }
    return c == 1 || c == 0x2bc830a3;
}

static bool base58(struct str s)
{
    bool upper = false, lower = false, digit = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!chars_alnum(c) || c == '0' || c == 'O' || c == 'I' || c == 'l')
            return false;
        upper = upper || (c >= 'A' && c <= 'Z');
        lower = lower || (c >= 'a' && c <= 'z');
        digit = digit || ascii_is_digit(c);
    }
    return upper && lower && digit;
}

static bool hex40(struct str s)
{
    if (s.n != 42 || s.p[0] != '0' || (s.p[1] | 32) != 'x')
        return false;
    for (size_t i = 2; i < s.n; i++)
        if (!ascii_is_digit(s.p[i]) && !((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'f'))
            return false;
    return true;
}

static void wallet(struct walk *w, struct str word)
{
    bool sure = hex40(word) || ((str_starts(word, STR("bc1")) || str_starts(word, STR("ltc1"))) && bech32_ok(word));
    bool likely =
        (word.n >= 26 && word.n <= 35 && strchr("13TLMD", word.p[0]) && base58(word)) || (word.n == 95 && base58(word));
    if (sure)
        add(w, COORD_WALLET, word, (size_t)(word.p - w->text.p));
    else if (likely && w->wallets < ACCOUNT_WALLETS_MAX)
        w->wallet[w->wallets++] = word;
}

/* Digits in groups from i: how many, and how the groups are. */
static void phone(struct walk *w, size_t i, bool said)
{
    struct str t = w->text;
    char out[24];
    unsigned n = 0, group[8] = {0}, groups = 0;
    size_t from = i, k = i;
    bool plus = t.p[i] == '+';
    if (plus)
        out[n++] = t.p[k++];
    while (k < t.n && n < sizeof out - 1) {
        if (ascii_is_digit(t.p[k])) {
            out[n++] = t.p[k++];
            if (groups < 8)
                group[groups]++;
            continue;
        }
        size_t sep = k;
        while (sep < t.n && sep < k + 3 && strchr(" -.()/", t.p[sep]) && t.p[sep])
            sep++;
        if (sep == k || sep >= t.n || !ascii_is_digit(t.p[sep]))
            break;
        k = sep;
        groups += groups < 7 && group[groups] > 0;
    }
    if (group[groups] > 0 && groups < 8)
        groups++;
    unsigned count = n - plus;
    bool american = (groups == 3 && group[0] == 3 && group[1] == 3 && group[2] == 4) ||
                    (groups == 4 && group[0] == 1 && group[1] == 3 && group[2] == 3 && group[3] == 4);
    bool alone = k >= t.n || !ascii_is_alpha(t.p[k]);
    if (alone && count >= ACCOUNT_PHONE_LEAST && count <= ACCOUNT_PHONE_MOST && (plus ? count >= 8 : said || american))
        add(w, COORD_PHONE, str_n(out, n), from);
}

static void phones(struct walk *w, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        bool plus =
            w->text.p[i] == '+' && i + 1 < w->text.n && (ascii_is_digit(w->text.p[i + 1]) || w->text.p[i + 1] == '(');
        if (plus)
            phone(w, i, true);
    }
}

static void word_kinds(struct walk *w, struct str word, size_t at, unsigned kinds)
{
    size_t word_at = (size_t)(word.p - w->text.p);
    if (kinds & WORD_BIC)
        bic(w, at);
    if (kinds & WORD_SORT)
        sort_code(w, word_at, at);
    if (kinds & WORD_ROUTING)
        routing(w, word_at, at);
    if (kinds & WORD_CRYPTO)
        w->crypto = true;
    if (kinds & WORD_PHONE)
        w->phone_until = at + 40;
}

void extract_accounts(struct extract_job *j, uint32_t part, enum facts_where where, struct str text)
{
    struct walk w = {.j = j, .text = text, .part = part, .where = where};
    struct str word;
    unsigned kinds;
    size_t last = 0, done = 0;
    for (size_t at = 0; extract_words_next(&j->ctx->words, text, &at, &word, &kinds); last = at) {
        size_t word_at = (size_t)(word.p - text.p);
        phones(&w, last, word_at);
        if (kinds >> WORD_LANGUAGES)
            word_kinds(&w, word, at, kinds);
        if (word.n >= 26)
            wallet(&w, word);
        /* A number without "+": after a word that announces it, or parted as in America. */
        if (ascii_is_digit(word.p[0]) && word_at >= done && (word_at == 0 || text.p[word_at - 1] != '+')) {
            size_t before = j->insight.n_payments;
            phone(&w, word_at, word_at < w.phone_until);
            done = word_at + (j->insight.n_payments > before ? 12 : 0);
        }
    }
    for (size_t i = 0; i < w.wallets && w.crypto; i++)
        add(&w, COORD_WALLET, w.wallet[i], (size_t)(w.wallet[i].p - text.p));
}
