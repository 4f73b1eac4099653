#include "mime/addr_lex.h"
#include "mime/address.h"
#include "mime/word.h"

#define WORD_BYTES_MAX 2048u /* an encoded word taken as one atom; RFC 2047 allows 75, senders write more */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* Offset after the closing quote or bracket, 0 when it is missing. */
static size_t closed(struct str s, size_t at, char close)
{
    for (size_t i = at + 1; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == close)
            return i + 1;
    }
    return 0;
}

static size_t comment_end(struct mime_lex *lx)
{
    size_t depth = 0;
    for (size_t i = lx->at; i < lx->s.n; i++) {
        char c = lx->s.p[i];
        if (c == '\\') {
            i++;
        } else if (c == '(') {
            if (++depth > MIME_COMMENT_NEST_MAX)
                lx->odd |= MIME_LEX_DEEP;
        } else if (c == ')' && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

static void skip_cfws(struct mime_lex *lx)
{
    lx->space = false;
    while (lx->at < lx->s.n) {
        char c = lx->s.p[lx->at];
        if (is_space(c)) {
            lx->at++;
        } else if (c == '(' && !lx->no_comment) {
            size_t end = comment_end(lx);
            if (!end) {
                lx->no_comment = true;
                lx->odd |= MIME_LEX_UNCLOSED;
                lx->at++;
            } else {
                lx->comment = str_n(lx->s.p + lx->at + 1, end - lx->at - 2);
                lx->comments++;
                lx->at = end;
            }
        } else {
            return;
        }
        lx->space = true;
    }
}

static size_t atom_word(struct mime_lex *lx, size_t at)
{
    struct mime_word w;
    size_t n = mime_word_scan(str_upto(str_from(lx->s, at), WORD_BYTES_MAX), false, &w);
    if (!n)
        return 0;
    for (size_t i = 0; i < w.text.n; i++) {
        if (strchr("<>@", w.text.p[i]) && w.text.p[i])
            lx->odd |= MIME_LEX_WORD_ADDR;
        else if (strchr(",;:()\"", w.text.p[i]) && w.text.p[i])
            lx->odd |= MIME_LEX_WORD_ODD;
    }
    return n;
}

static size_t atom_end(struct mime_lex *lx)
{
    size_t i = lx->at;
    while (i < lx->s.n) {
        char c = lx->s.p[i];
        size_t n;
        if (c == '=' && i + 1 < lx->s.n && lx->s.p[i + 1] == '?' && (n = atom_word(lx, i)) > 0) {
            i += n;
            continue;
        }
        if (is_space(c) || (c && strchr(lx->specials, c)) || (c == '"' && !lx->no_quote) ||
            (c == '(' && !lx->no_comment) || (c == '[' && !lx->no_literal && i == lx->at))
            break;
        if (c == ')' || c == '\\')
            lx->odd |= MIME_LEX_STRAY;
        i++;
    }
    return i;
}

static enum mime_tok give(struct mime_lex *lx, enum mime_tok tok, size_t end, size_t cut)
{
    lx->tok = tok;
    lx->start = lx->at;
    lx->end = lx->at = end;
    lx->text = str_n(lx->s.p + lx->start + cut, end - lx->start - 2 * cut);
    return tok;
}

enum mime_tok mime_lex_next(struct mime_lex *lx)
{
    skip_cfws(lx);
    if (lx->at >= lx->s.n)
        return give(lx, MIME_TOK_END, lx->s.n, 0);
    char c = lx->s.p[lx->at];
    if (c && strchr(lx->specials, c))
        return give(lx, MIME_TOK_SPECIAL, lx->at + 1, 0);
    if ((c == '"' && !lx->no_quote) || (c == '[' && !lx->no_literal)) {
        size_t end = closed(lx->s, lx->at, c == '"' ? '"' : ']');
        if (end)
            return c == '"' ? give(lx, MIME_TOK_QUOTED, end, 1) : give(lx, MIME_TOK_LITERAL, end, 0);
        lx->odd |= MIME_LEX_UNCLOSED;
        *(c == '"' ? &lx->no_quote : &lx->no_literal) = true;
    }
    size_t end = atom_end(lx);
    return give(lx, MIME_TOK_ATOM, end > lx->at ? end : lx->at + 1, 0);
}
