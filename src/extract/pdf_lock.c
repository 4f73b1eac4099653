#include "extract/pdf_lock.h"
#include "extract/aes.h"
#include "extract/chars.h"
#include <glib.h>
#include <stdlib.h>

#define LOCK_DICT_MAX 8192u
#define LOCK_STRING_MAX 127u /* of O, U and the file's id that count: 48 at most */
#define LOCK_PASSWORD_MAX 64u
#define LOCK_PAD 32u
#define LOCK_HASH_MAX 64u
#define LOCK_ROUNDS_MAX 400u /* ISO 32000-2 says no end; 64 and a few are usual */

struct value {
    uint8_t bytes[LOCK_STRING_MAX];
    size_t n;
};
struct lock {
    int64_t revision, bits, permissions;
    bool plain_metadata;
    struct value owner, user, id;
};

/* 7.6.3.3, algorithm 2 (a). */
static const uint8_t pad[LOCK_PAD] = {0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E,
                                      0x56, 0xFF, 0xFA, 0x01, 0x08, 0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68,
                                      0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A};

/* ---- reading ---- */

static bool delimiter(char c) { return chars_space(c) || c == '\0' || strchr("()<>[]{}/%", c); }

static size_t skip_space(struct str s, size_t i)
{
    while (i < s.n && (chars_space(s.p[i]) || s.p[i] == '\0'))
        i++;
    return i;
}

static void add(struct value *v, unsigned c)
{
    if (v->n < sizeof v->bytes)
        v->bytes[v->n++] = (uint8_t)c;
}

static size_t hex_string(struct str s, size_t i, struct value *v)
{
    int high = -1;
    for (; i < s.n && s.p[i] != '>'; i++) {
        int h = chars_hex(s.p[i]);
        if (h >= 0 && high >= 0)
            add(v, (unsigned)(high << 4 | h));
        high = h < 0 ? high : high >= 0 ? -1 : h;
    }
    return i + 1;
}

/* 7.3.4.2: brackets balance, a backslash says what comes after it. */
static size_t literal_string(struct str s, size_t i, struct value *v)
{
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    for (unsigned depth = 1; i < s.n; i++) {
        char c = s.p[i];
        depth += c == '(' ? 1 : 0;
        if (c == ')' && --depth == 0)
            return i + 1;
        if (c != '\\' || i + 1 == s.n) {
            add(v, (unsigned char)c);
            continue;
        }
        c = s.p[++i];
        const char *known = c ? strchr(from, c) : NULL;
        if (known) {
            add(v, (unsigned char)to[known - from]);
        } else if (c >= '0' && c <= '7') {
            unsigned n = 0, k = 0;
            for (; k < 3 && i + k < s.n && s.p[i + k] >= '0' && s.p[i + k] <= '7'; k++)
                n = n * 8 + (unsigned)(s.p[i + k] - '0');
            add(v, n & 255);
            i += k - 1;
        } else if (c == '\r' || c == '\n') {
            i += c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n';
        } else {
            add(v, (unsigned char)c);
        }
    }
    return i;
}

static void entry(struct lock *l, struct str key, struct str word, const struct value *text)
{
    int64_t n = 0;
    bool number = str_i64(word, &n);
    if (str_eq(key, STR("R")) && number)
        l->revision = n;
    else if (str_eq(key, STR("Length")) && number)
        l->bits = n;
    else if (str_eq(key, STR("P")) && number)
        l->permissions = n;
    else if (str_eq(key, STR("EncryptMetadata")))
        l->plain_metadata = str_eq(word, STR("false"));
    else if (str_eq(key, STR("O")))
        l->owner = *text;
    else if (str_eq(key, STR("U")))
        l->user = *text;
}

/* The entries of a dictionary itself; what is nested in it is walked over. s begins behind its "<<". */
static void dictionary(struct str s, struct lock *l)
{
    struct str key = STR("");
    bool have_key = false;
    unsigned depth = 1;
    for (size_t i = skip_space(s, 0); i < s.n && depth > 0; i = skip_space(s, i)) {
        struct value text = {.n = 0};
        size_t from = i;
        if (str_starts(str_from(s, i), STR("<<")) || str_starts(str_from(s, i), STR(">>"))) {
            depth += s.p[i] == '<' ? 1u : 0u - 1u;
            have_key = false;
            i += 2;
            continue;
        }
        bool name = s.p[i] == '/', string = s.p[i] == '(' || s.p[i] == '<';
        if (string)
            i = s.p[i] == '(' ? literal_string(s, i + 1, &text) : hex_string(s, i + 1, &text);
        else
            for (i++; i < s.n && !delimiter(s.p[i]);)
                i++;
        struct str word = str_n(s.p + from, (i < s.n ? i : s.n) - from);
        if (depth == 1 && have_key)
            entry(l, key, word, &text);
        have_key = name && !have_key;
        key = have_key ? str_from(word, 1) : key;
    }
}

/* Behind the last time this name stands there; -1: nowhere. */
static ptrdiff_t last_name(struct str b, struct str name)
{
    ptrdiff_t found = -1;
    for (ptrdiff_t at = str_find(b, name, 0); at >= 0; at = str_find(b, name, (size_t)at + 1))
        if ((size_t)at + name.n < b.n && delimiter(b.p[(size_t)at + name.n]))
            found = at + (ptrdiff_t)name.n;
    return found;
}

/* "7 0 R" at the front of s: where "7 0 obj" begins its dictionary. */
static struct str referred(struct str b, struct str s)
{
    char mark[40];
    size_t n = 0, spaces = 0;
    while (n < s.n && n < 24 && (ascii_is_digit(s.p[n]) || (s.p[n] == ' ' && ++spaces < 2)))
        n++;
    if (n == 0 || spaces != 2 || n + 1 >= s.n || s.p[n + 1] != 'R')
        return STR("");
    memcpy(mark, s.p, n);
    memcpy(mark + n, " obj", 4);
    struct str want = str_n(mark, n + 4);
    for (ptrdiff_t at = str_find(b, want, 0); at >= 0; at = str_find(b, want, (size_t)at + 1))
        if (at == 0 || !ascii_is_digit(b.p[at - 1]))
            return str_upto(str_from(b, (size_t)at + want.n), LOCK_DICT_MAX);
    return STR("");
}

static bool lock_read(struct str b, struct lock *l)
{
    ptrdiff_t at = last_name(b, STR("/Encrypt")), id = last_name(b, STR("/ID"));
    *l = (struct lock){.bits = 40};
    if (at < 0)
        return false;
    struct str s = str_from(b, skip_space(b, (size_t)at));
    if (!str_starts(s, STR("<<")))
        s = referred(b, s);
    s = str_from(s, skip_space(s, 0));
    if (!str_starts(s, STR("<<")))
        return false;
    dictionary(str_upto(str_from(s, 2), LOCK_DICT_MAX), l);
    size_t i = id < 0 ? b.n : skip_space(b, (size_t)id);
    if (i < b.n && b.p[i] == '[')
        i = skip_space(b, i + 1);
    if (i < b.n && b.p[i] == '(')
        (void)literal_string(str_upto(b, i + LOCK_DICT_MAX), i + 1, &l->id);
    else if (i < b.n && b.p[i] == '<')
        (void)hex_string(str_upto(b, i + LOCK_DICT_MAX), i + 1, &l->id);
    return l->revision >= 2 && l->revision <= 6 && l->user.n >= (l->revision == 2 ? 32u : 16u);
}

/* ---- trying ---- */

struct part {
    const void *p;
    size_t n;
};

static size_t hash(GChecksumType type, const struct part *parts, size_t n, uint8_t out[LOCK_HASH_MAX])
{
    GChecksum *c = g_checksum_new(type);
    gsize len = LOCK_HASH_MAX;
    for (size_t i = 0; i < n; i++)
        g_checksum_update(c, parts[i].p, (gssize)parts[i].n);
    g_checksum_get_digest(c, out, &len);
    g_checksum_free(c);
    return len;
}

static void rc4(const uint8_t *key, size_t key_n, uint8_t mask, uint8_t *bytes, size_t n)
{
    uint8_t s[256], j = 0, i = 0;
    for (unsigned k = 0; k < 256; k++)
        s[k] = (uint8_t)k;
    for (unsigned k = 0; k < 256; k++) {
        j = (uint8_t)(j + s[k] + (key[k % key_n] ^ mask));
        uint8_t t = s[k];
        s[k] = s[j];
        s[j] = t;
    }
    j = 0;
    for (size_t k = 0; k < n; k++) {
        j = (uint8_t)(j + s[++i]);
        uint8_t t = s[i];
        s[i] = s[j];
        s[j] = t;
        bytes[k] ^= s[(uint8_t)(s[i] + s[j])];
    }
}

/* Revisions 2 to 4: algorithms 2, 4, 5 and 6. */
static bool fits_old(const struct lock *l, struct str password)
{
    uint8_t padded[LOCK_PAD], key[LOCK_HASH_MAX], check[LOCK_HASH_MAX];
    uint32_t p = (uint32_t)l->permissions;
    uint8_t permissions[4] = {(uint8_t)p, (uint8_t)(p >> 8), (uint8_t)(p >> 16), (uint8_t)(p >> 24)};
    size_t n = l->revision == 2 ? 5 : l->revision == 4 ? 16 : (size_t)(l->bits / 8);
    if (n < 5 || n > 16 || l->owner.n < LOCK_PAD)
        return false;
    memcpy(padded, password.p, password.n < LOCK_PAD ? password.n : LOCK_PAD);
    if (password.n < LOCK_PAD)
        memcpy(padded + password.n, pad, LOCK_PAD - password.n);
    struct part parts[] = {{padded, LOCK_PAD},
                           {l->owner.bytes, LOCK_PAD},
                           {permissions, 4},
                           {l->id.bytes, l->id.n},
                           {"\xFF\xFF\xFF\xFF", l->revision == 4 && l->plain_metadata ? 4 : 0}};
    (void)hash(G_CHECKSUM_MD5, parts, N_ELEMENTS(parts), key);
    if (l->revision == 2) {
        memcpy(check, pad, LOCK_PAD);
        rc4(key, n, 0, check, LOCK_PAD);
        return memcmp(check, l->user.bytes, LOCK_PAD) == 0;
    }
    for (unsigned i = 0; i < 50; i++)
        (void)hash(G_CHECKSUM_MD5, &(struct part){key, n}, 1, key);
    (void)hash(G_CHECKSUM_MD5, (struct part[]){{pad, LOCK_PAD}, {l->id.bytes, l->id.n}}, 2, check);
    for (unsigned i = 0; i < 20; i++)
        rc4(key, n, (uint8_t)i, check, 16);
    return memcmp(check, l->user.bytes, 16) == 0;
}

/* Revision 6: ISO 32000-2 7.6.4.3.4, algorithm 2.B, without an owner's part. */
static void harden(struct str password, uint8_t k[LOCK_HASH_MAX], size_t n)
{
    static const GChecksumType types[3] = {G_CHECKSUM_SHA256, G_CHECKSUM_SHA384, G_CHECKSUM_SHA512};
    uint8_t e[64 * (LOCK_PASSWORD_MAX + LOCK_HASH_MAX)];
    for (unsigned round = 0; round < LOCK_ROUNDS_MAX; round++) {
        size_t each = password.n + n, all = each * 64;
        for (size_t i = 0; i < 64; i++) {
            memcpy(e + i * each, password.p, password.n);
            memcpy(e + i * each + password.n, k, n);
        }
        aes128_cbc_encrypt(k, k + AES_BLOCK, e, all);
        unsigned sum = 0;
        for (size_t i = 0; i < AES_BLOCK; i++)
            sum += e[i];
        n = hash(types[sum % 3], &(struct part){e, all}, 1, k);
        if (round >= 63 && e[all - 1] + 32u <= round + 1)
            return;
    }
}

/* Revisions 5 and 6: algorithm 11. */
static bool fits_new(const struct lock *l, struct str password)
{
    uint8_t k[LOCK_HASH_MAX];
    if (l->user.n < 48)
        return false;
    struct part parts[] = {{password.p, password.n}, {l->user.bytes + 32, 8}};
    size_t n = hash(G_CHECKSUM_SHA256, parts, N_ELEMENTS(parts), k);
    if (l->revision == 6)
        harden(password, k, n);
    return memcmp(k, l->user.bytes, 32) == 0;
}

static bool usable(struct str password)
{
    for (size_t i = 0; i < password.n; i++)
        if (password.p[i] < ' ' || password.p[i] > '~')
            return false;
    return password.n > 0 && password.n <= LOCK_PASSWORD_MAX;
}

const char *pdf_unlock(struct str bytes, const char *const *passwords, size_t n)
{
    struct lock l;
    if (n == 0 || !lock_read(bytes, &l))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct str password = str_c(passwords[i]);
        if (usable(password) && (l.revision >= 5 ? fits_new(&l, password) : fits_old(&l, password)))
            return passwords[i];
    }
    return NULL;
}
