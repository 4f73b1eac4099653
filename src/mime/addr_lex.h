#pragma once
/* Tokens of structured fields (RFC 5322 3.2) for the readers of this room: address lists, parameters, message ids.
 * Comments and white space are skipped; unclosed quotes, comments and literals are read as single bytes, so that they
 * cannot swallow what follows. Linear: what was once not found closed is not searched again. */
#include "core/str.h"

enum mime_tok {
    MIME_TOK_END,
    MIME_TOK_ATOM,    /* run of anything else, dots, 8-bit and encoded words included */
    MIME_TOK_QUOTED,  /* text = inside of the quotes, still escaped */
    MIME_TOK_LITERAL, /* text with its brackets */
    MIME_TOK_SPECIAL, /* one byte of the set given */
};
/* bits of mime_lex.odd, sticky */
enum {
    MIME_LEX_UNCLOSED = 1 << 0,  /* quote, comment or bracket without its end */
    MIME_LEX_DEEP = 1 << 1,      /* comments nested over MIME_COMMENT_NEST_MAX */
    MIME_LEX_STRAY = 1 << 2,     /* ")" or "\" in the open */
    MIME_LEX_WORD_ODD = 1 << 3,  /* an encoded word held specials (RFC 2047 5 (3) forbids them in a phrase) */
    MIME_LEX_WORD_ADDR = 1 << 4, /* and among them "<", ">" or "@" */
};
struct mime_lex {
    struct str s;
    const char *specials;
    size_t at;
    /* of the token returned last */
    enum mime_tok tok;
    struct str text;
    size_t start, end; /* in s, with quotes */
    bool space;        /* white space or a comment stood before it */
    /* of all so far */
    struct str comment; /* inside of the last comment; p == NULL when none */
    size_t comments;
    unsigned odd;
    /* private */
    bool no_quote, no_comment, no_literal;
};
static inline struct mime_lex mime_lex_of(struct str s, const char *specials)
{
    return (struct mime_lex){.s = s, .specials = specials};
}
enum mime_tok mime_lex_next(struct mime_lex *lx);
static inline bool mime_lex_is(const struct mime_lex *lx, char c)
{
    return lx->tok == MIME_TOK_SPECIAL && lx->text.p[0] == c;
}
