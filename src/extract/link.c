#include "extract/chars.h"
#include "extract/job.h"

static struct str host_of(struct str url)
{
    ptrdiff_t at = str_find(url, STR("//"), 0);
    struct str host = str_from(url, at < 0 ? 0 : (size_t)at + 2);
    size_t n = 0;
    while (n < host.n && !strchr("/?#\\", host.p[n]))
        n++;
    return str_upto(host, n);
}

/* Hundreds of addresses of one host must not keep out the one that matters: in the second half each host has one place. */
static bool crowded(struct extract_job *j, const struct facts_link *link)
{
    const struct facts_insight *in = &j->insight;
    if (in->n_links < FACTS_LINKS_MAX / 2)
        return false;
    if (j->budget.urls == 0)
        return true;
    j->budget.urls--;
    struct str host = host_of(link->url);
    for (size_t i = 0; i < in->n_links; i++)
        if (in->links[i].kind == link->kind && str_ieq(host_of(in->links[i].url), host))
            return true;
    return false;
}

void extract_link(struct extract_job *j, struct facts_link link)
{
    struct facts_insight *in = &j->insight;
    if (in->n_links == FACTS_LINKS_MAX || crowded(j, &link)) {
        in->flags |= FACTS_TOO_MANY;
        return;
    }
    link.url = arena_str(j->arena, str_utf8_cut(link.url, FACTS_STRING_MAX));
    link.text = arena_str(j->arena, str_utf8_cut(link.text, FACTS_STRING_MAX));
    in->links[in->n_links++] = link;
}

static bool url_char(char c)
{
    return (unsigned char)c > ' ' && c != 0x7F && c != '<' && c != '>' && c != '"' && c != '`' && c != '|' &&
           c != '\\' && c != '^';
}

/* Brackets and full stops that belong to the sentence, not to the address. */
static size_t url_end(struct str t, size_t from)
{
    size_t end = from, opened = 0, closed = 0;
    while (end < t.n && url_char(t.p[end])) {
        opened += t.p[end] == '(';
        closed += t.p[end] == ')';
        end++;
    }
    while (end > from) {
        char c = t.p[end - 1];
        bool close = c == ')' && closed > opened;
        if (!close && !strchr(".,;:!?'*]}_", c))
            break;
        closed -= close;
        end--;
    }
    return end;
}

/* Known links are few, but a text may hold any number of addresses, each to be looked for in what links show. */
static bool have(struct extract_job *j, struct str url, enum facts_link_kind kind)
{
    for (size_t i = 0; i < j->insight.n_links; i++) {
        const struct facts_link *l = &j->insight.links[i];
        if (str_eq(l->url, url) && (l->kind == kind || l->kind == LINK_HREF || l->kind == LINK_HTML))
            return true;
        if (l->kind == LINK_IMAGE || l->text.n < url.n || j->budget.compared < l->text.n)
            continue;
        j->budget.compared -= l->text.n;
        if (str_find(l->text, url, 0) >= 0)
            return true; /* it is what a link shows */
    }
    return false;
}

static void found(struct extract_job *j, uint32_t part, enum facts_link_kind kind, struct str text, size_t from,
                  size_t end)
{
    struct str url = str_n(text.p + from, end - from);
    if (j->budget.urls == 0) {
        j->insight.flags |= FACTS_TOO_MANY;
        return;
    }
    j->budget.urls--;
    if (url.n > FACTS_STRING_MAX)
        url = str_utf8_cut(url, FACTS_STRING_MAX);
    if (memchr(url.p, EXTRACT_MARK, url.n)) {
        char *p = arena_alloc(&j->scratch, url.n);
        size_t n = 0;
        for (size_t i = 0; i < url.n; i++)
            if (url.p[i] != EXTRACT_MARK)
                p[n++] = url.p[i];
        url = str_n(p, n);
    }
    if (!have(j, url, kind))
        extract_link(
            j, (struct facts_link){.url = url, .part = part, .kind = kind, .quoted = extract_quoted_at(j, text, from)});
}

/* Start of the scheme before "://" at i; i when there is none that leads anywhere. */
static size_t scheme_start(struct str t, size_t i)
{
    static const char *const schemes[] = {"https", "http", "hxxps", "hxxp", "ftp", "file", "smb", "search-ms"};
    for (size_t k = 0; k < N_ELEMENTS(schemes); k++) {
        size_t n = strlen(schemes[k]);
        if (i >= n && str_ieq(str_n(t.p + i - n, n), str_c(schemes[k])))
            return i - n;
    }
    return i;
}

void extract_text_links(struct extract_job *j, uint32_t part, enum facts_link_kind kind, struct str text)
{
    size_t at = 0;
    j->line.text = NULL;
    while (at < text.n && j->insight.n_links < FACTS_LINKS_MAX) {
        const char *colon = memchr(text.p + at, ':', text.n - at);
        size_t i = colon ? (size_t)(colon - text.p) : text.n;
        /* "www." between the addresses with a scheme */
        for (ptrdiff_t w = str_ifind(str_upto(text, i), STR("www."), at); w >= 0;
             w = str_ifind(str_upto(text, i), STR("www."), (size_t)w + 4)) {
            size_t end = url_end(text, (size_t)w);
            if ((w == 0 || !(chars_alnum(text.p[w - 1]) || strchr("/.@-", text.p[w - 1]))) && end > (size_t)w + 6)
                found(j, part, kind, text, (size_t)w, end);
            if (end > i)
                i = end;
        }
        if (i >= text.n)
            return;
        at = i + 1;
        if (text.p[i] == ':' && i + 3 < text.n && text.p[i + 1] == '/' && text.p[i + 2] == '/') {
            size_t from = scheme_start(text, i), end = url_end(text, i + 3);
            if (from < i && end > i + 3)
                found(j, part, kind, text, from, end);
            at = end > at ? end : at;
        }
    }
}
