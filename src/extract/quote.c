/* Who is quoted, and what is quoted without saying so: mail programs of one family put ">" before the lines, those of
 * another a ruler or a block of header lines, after which all that follows is somebody else's. */
#include "extract/chars.h"
#include "extract/job.h"
#include "extract/quote.h"

#define QUOTE_LABEL_MAX 26u
#define QUOTE_ATTRIBUTION_MAX 500u
#define QUOTE_BLOCK_LINES 8u
#define QUOTE_OWN_LEAST 2u

enum label { LABEL_NONE, LABEL_FROM, LABEL_TO, LABEL_OTHER };
static const struct {
    const char *name;
    enum label label;
} labels[] = {
    {"from", LABEL_FROM},
    {"da", LABEL_FROM},
    {"von", LABEL_FROM},
    {"de", LABEL_FROM},
    {"van", LABEL_FROM},
    {"mittente", LABEL_FROM},
    {"absender", LABEL_FROM},
    {"expéditeur", LABEL_FROM},
    {"remitente", LABEL_FROM},
    {"remetente", LABEL_FROM},
    {"afzender", LABEL_FROM},
    {"to", LABEL_TO},
    {"a", LABEL_TO},
    {"an", LABEL_TO},
    {"à", LABEL_TO},
    {"para", LABEL_TO},
    {"aan", LABEL_TO},
    {"destinatario", LABEL_TO},
    {"cc", LABEL_TO},
    {"kopie", LABEL_TO},
    {"sent", LABEL_OTHER},
    {"date", LABEL_OTHER},
    {"subject", LABEL_OTHER},
    {"inviato", LABEL_OTHER},
    {"data", LABEL_OTHER},
    {"oggetto", LABEL_OTHER},
    {"gesendet", LABEL_OTHER},
    {"datum", LABEL_OTHER},
    {"betreff", LABEL_OTHER},
    {"envoyé", LABEL_OTHER},
    {"objet", LABEL_OTHER},
    {"enviado", LABEL_OTHER},
    {"enviado el", LABEL_OTHER},
    {"asunto", LABEL_OTHER},
    {"fecha", LABEL_OTHER},
    {"assunto", LABEL_OTHER},
    {"verzonden", LABEL_OTHER},
    {"onderwerp", LABEL_OTHER},
    {"enviada em", LABEL_OTHER},
    {"enviado em", LABEL_OTHER},
    {"reply-to", LABEL_OTHER},
    {"importance", LABEL_OTHER},
    {"sent on", LABEL_OTHER},
    {"inviato il", LABEL_OTHER},
    {"gesendet am", LABEL_OTHER},
    {"envoyé le", LABEL_OTHER},
};
/* Rulers stand between dashes; beginnings stand alone and end with a colon. */
static const char *const rulers[] = {"original message",
                                     "messaggio originale",
                                     "ursprüngliche nachricht",
                                     "originalnachricht",
                                     "message d'origine",
                                     "message original",
                                     "mensaje original",
                                     "mensagem original",
                                     "oorspronkelijk bericht",
                                     "origineel bericht",
                                     "forwarded message",
                                     "messaggio inoltrato",
                                     "weitergeleitete nachricht",
                                     "message transféré",
                                     "mensaje reenviado",
                                     "mensagem encaminhada",
                                     "doorgestuurd bericht",
                                     "original appointment",
                                     "forwarded by",
                                     "message transmis"};
static const char *const begins[] = {
    "begin forwarded message",        "inizio messaggio inoltrato",       "anfang der weitergeleiteten nachricht",
    "début du message réexpédié",     "début du message transféré",       "inicio del mensaje reenviado",
    "início da mensagem encaminhada", "início da mensagem reencaminhada", "begin doorgestuurd bericht"};
static const char *const verbs[] = {"wrote",    "ha scritto", "schrieb",    "a écrit", "escribió",       "ha escrito",
                                    "escreveu", "schreef",    "geschreven", "writes",  "hat geschrieben"};

static struct str bare(struct str line)
{
    line = str_trim(line);
    while (line.n && (line.p[0] == '>' || chars_space(line.p[0]) || line.p[0] == '|'))
        line = str_from(line, 1);
    return str_trim(line);
}

/* "From: x" in seven languages, in bold or with a space before the colon. */
static enum label label_of(struct str line, struct str *value)
{
    struct str s = line;
    while (s.n && s.p[0] == '*')
        s = str_from(s, 1);
    ptrdiff_t colon = str_chr(str_upto(s, QUOTE_LABEL_MAX), ':', 0);
    if (colon <= 0)
        return LABEL_NONE;
    struct str name = str_trim(str_upto(s, (size_t)colon));
    while (name.n && name.p[name.n - 1] == '*')
        name.n--;
    *value = str_trim(str_from(s, (size_t)colon + 1));
    while (value->n && (value->p[0] == '*' || value->p[0] == ' '))
        *value = str_from(*value, 1);
    for (size_t i = 0; i < N_ELEMENTS(labels); i++)
        if (str_ieq(name, str_c(labels[i].name)))
            return labels[i].label;
    return LABEL_NONE;
}

static bool local_char(char c)
{
    return chars_alnum(c) || (unsigned char)c >= 0x80 || (c && strchr(".!#$%&*+/=?^_{|}~-'", c));
}
static bool domain_char(char c) { return chars_alnum(c) || (unsigned char)c >= 0x80 || c == '.' || c == '-'; }

/* The next address at or after *at; *start is its first byte. */
static bool next_address(struct str s, size_t *at, size_t *start, struct str *addr)
{
    for (ptrdiff_t sign = str_chr(s, '@', *at); sign >= 0; sign = str_chr(s, '@', (size_t)sign + 1)) {
        size_t from = (size_t)sign, to = (size_t)sign + 1;
        while (from > *at && local_char(s.p[from - 1]))
            from--;
        while (to < s.n && domain_char(s.p[to]))
            to++;
        while (to > (size_t)sign + 1 && (s.p[to - 1] == '.' || s.p[to - 1] == '-'))
            to--;
        if (from == (size_t)sign || str_chr(str_n(s.p + sign, to - (size_t)sign), '.', 0) <= 0)
            continue;
        *start = from;
        *at = to;
        *addr = str_n(s.p + from, to - from);
        return true;
    }
    return false;
}

static struct str lower(struct extract_job *j, struct str s)
{
    struct str copy = arena_str(j->arena, str_utf8_cut(s, FACTS_NAME_MAX));
    char *p = (char *)(uintptr_t)copy.p;
    for (size_t i = 0; i < copy.n; i++)
        p[i] = ascii_lower(p[i]);
    return copy;
}

static void mention(struct extract_job *j, enum facts_mention_kind kind, struct str name, struct str addr)
{
    struct facts_insight *in = &j->insight;
    struct str key = lower(j, addr);
    for (size_t i = 0; i < in->n_mentions; i++)
        if (in->mentions[i].kind == kind && str_eq(in->mentions[i].addr, key) && str_eq(in->mentions[i].name, name))
            return;
    if (in->n_mentions == FACTS_MENTIONS_MAX) {
        in->flags |= FACTS_TOO_MANY;
        return;
    }
    in->mentions[in->n_mentions++] = (struct facts_mention){
        .kind = kind, .name = arena_str(j->arena, str_utf8_cut(name, FACTS_NAME_MAX)), .addr = key};
}

static struct str unquote(struct str name)
{
    name = str_trim(name);
    while (name.n && strchr("<[(\"',;*", name.p[name.n - 1]))
        name = str_trim(str_upto(name, name.n - 1));
    while (name.n && strchr("\"',;:>*)]", name.p[0]))
        name = str_trim(str_from(name, 1));
    return name;
}

static void mentions(struct extract_job *j, enum facts_mention_kind kind, struct str value)
{
    size_t at = 0, start, before = 0;
    struct str addr;
    while (next_address(value, &at, &start, &addr)) {
        struct str name = str_n(value.p + before, start - before);
        ptrdiff_t mailto = str_ifind(name, STR("mailto:"), 0);
        if (mailto >= 0)
            name = str_upto(name, (size_t)mailto);
        name = unquote(name);
        if (str_chr(name, '@', 0) >= 0)
            name = STR("");
        mention(j, kind, name, addr);
        before = at;
        if (kind == MENTION_FROM) /* "a@b <a@b>" and "[mailto:a@b]" say the same twice */
            return;
    }
}

/* "On Tue, 1 Jul 2026 at 10:12 AM Anna Bianchi": the words after the date are the name. */
static struct str name_before(struct str s)
{
    s = unquote(s);
    size_t from = 0;
    for (size_t i = 0; i < s.n;) {
        while (i < s.n && chars_space(s.p[i]))
            i++;
        size_t w = i;
        bool stop = false;
        while (i < s.n && !chars_space(s.p[i])) {
            stop = stop || ascii_is_digit(s.p[i]) || s.p[i] == ':' || s.p[i] == ',';
            i++;
        }
        struct str word = str_n(s.p + w, i - w);
        static const char *const small[] = {
            "am",      "pm",  "um",       "alle", "uhr", "at",  "ore", "a",   "às",  "om",     "schrieb",
            "schreef", "h",   "from",     "il",   "on",  "le",  "el",  "em",  "op",  "giorno", "escribió",
            "écrit",   "het", "volgende", "der",  "den", "hat", "ha",  "utc", "gmt", "cet",    "cest"};
        for (size_t k = 0; k < N_ELEMENTS(small) && !stop; k++)
            stop = str_ieq(word, str_c(small[k]));
        if (stop)
            from = i;
    }
    return unquote(str_from(s, from));
}

static bool has_any(struct str s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_ifind(s, str_c(words[i]), 0) >= 0)
            return true;
    return false;
}

/* "On ... Anna <a@b> wrote:"; the end of it may stand on the next line. */
static bool attribution(struct extract_job *j, struct str line)
{
    if (line.n < 8 || line.n > QUOTE_ATTRIBUTION_MAX || line.p[line.n - 1] != ':' ||
        !has_any(line, verbs, N_ELEMENTS(verbs)))
        return false;
    size_t at = 0, start;
    struct str addr;
    if (next_address(line, &at, &start, &addr)) {
        mention(j, MENTION_FROM, name_before(str_upto(line, start)), addr);
        return true;
    }
    for (size_t i = 0; i < line.n; i++) /* no address, but a date: still a quotation */
        if (ascii_is_digit(line.p[i]))
            return true;
    return false;
}

/* Are there at least two more header lines right after this From? */
static bool header_block(struct str rest)
{
    unsigned found = 0, lines = 0;
    struct str line, value;
    while (rest.n && lines < QUOTE_BLOCK_LINES && str_token(&rest, '\n', &line)) {
        line = bare(line);
        if (line.n == 0)
            continue;
        lines++;
        if (label_of(line, &value) != LABEL_NONE)
            found++;
        else if (lines > 2 && found == 0)
            return false;
    }
    return found >= 2;
}

static bool ruler(struct str line)
{
    if (line.n > 200)
        return false;
    bool dashes = str_starts(line, STR("---")) || str_starts(line, STR("___")) || str_starts(line, STR("==="));
    if (dashes && has_any(line, rulers, N_ELEMENTS(rulers)))
        return true;
    return line.n && line.p[line.n - 1] == ':' && has_any(line, begins, N_ELEMENTS(begins));
}

static bool next_is_marked(struct str rest)
{
    struct str line;
    while (rest.n && str_token(&rest, '\n', &line)) {
        line = str_trim(line);
        if (line.n)
            return line.p[0] == '>';
    }
    return false;
}

/* What one line tells about quoting; true: from here on all is quoted (from this line, or after it: *after). */
static bool line_says(struct extract_job *j, struct str line, struct str rest, bool quoted, bool *after)
{
    struct str value, next;
    *after = false;
    if (line.n == 0)
        return false;
    enum label label = ascii_is_alpha(line.p[0]) || line.p[0] == '*' || (unsigned char)line.p[0] >= 0xC3
                           ? label_of(line, &value)
                           : LABEL_NONE;
    if (label == LABEL_FROM && header_block(rest)) {
        mentions(j, MENTION_FROM, value);
        return true;
    }
    if (quoted && (label == LABEL_FROM || label == LABEL_TO)) {
        mentions(j, label == LABEL_FROM ? MENTION_FROM : MENTION_TO, value);
        return false;
    }
    if (ruler(line))
        return true;
    if (line.p[line.n - 1] == ':') {
        *after = attribution(j, line);
        return *after && !next_is_marked(rest);
    }
    /* "On ... Anna <a@b>" and on the next line "wrote:" */
    struct str peek = rest;
    if (str_chr(line, '@', 0) > 0 && line.n < QUOTE_ATTRIBUTION_MAX && str_token(&peek, '\n', &next)) {
        next = bare(next);
        if (next.n && next.n < 60 && next.p[next.n - 1] == ':' && has_any(next, verbs, N_ELEMENTS(verbs)))
            attribution(j, arena_printf(&j->scratch, "%.*s %.*s", STRF(line), STRF(next)));
    }
    return false;
}

static struct str without_marks(struct extract_job *j, struct str line)
{
    if (line.n == 0 || !memchr(line.p, EXTRACT_MARK, line.n))
        return line;
    char *p = arena_alloc(&j->scratch, line.n);
    size_t n = 0;
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] != EXTRACT_MARK)
            p[n++] = line.p[i];
    return str_n(p, n);
}

static size_t letters_of(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += chars_alnum(s.p[i]) || (unsigned char)s.p[i] >= 0xC3;
    return n;
}

uint32_t extract_quote(struct extract_job *j, struct str in, struct buf *out)
{
    struct str rest = in, line;
    uint32_t number = 0, cut_at = EXTRACT_QUOTE_NONE;
    size_t own = 0; /* letters of the sender's own */
    for (; rest.n > 0; number++) {
        const char *end = memchr(rest.p, '\n', rest.n);
        line = str_upto(rest, end ? (size_t)(end - rest.p) : rest.n);
        rest = str_from(rest, end ? line.n + 1 : line.n);
        struct str trimmed = str_trim(line);
        bool marked = trimmed.n > 0 && trimmed.p[0] == '>', after, quoted = marked || cut_at != EXTRACT_QUOTE_NONE;
        bool cut = line_says(j, bare(without_marks(j, line)), rest, quoted, &after);
        if (own < QUOTE_OWN_LEAST) /* nothing but a forwarded mail: that is what the sender says */
            cut = false;
        own += !marked && cut_at == EXTRACT_QUOTE_NONE && !cut ? letters_of(trimmed) : 0;
        if (cut && !marked && cut_at == EXTRACT_QUOTE_NONE && !after)
            cut_at = number;
        if (!marked && cut_at != EXTRACT_QUOTE_NONE && number >= cut_at)
            buf_addz(out, "> ");
        buf_adds(out, marked ? trimmed : line);
        if (end)
            buf_addc(out, '\n');
        if (cut && !marked && cut_at == EXTRACT_QUOTE_NONE)
            cut_at = number + 1;
    }
    return cut_at;
}
