#pragma once
/* The little of CSS that decides whether a person sees text: declarations of a style attribute (style.c), colours
 * (style_color.c), and the rules of style elements (style_sheet.c): selectors made of tags, .classes and #ids, one
 * inside another. Rules inside @media count when every desktop screen meets the condition. */
#include "core/arena.h"

#define STYLE_RULES_MAX 512u
#define STYLE_KEYS_MAX 18u        /* tag, id, and so many classes of one element, that rules are matched with */
#define STYLE_PARTS_MAX 4u        /* "table .row > td .x" has four */
#define STYLE_WORK_MAX 20000000u  /* rules looked at for one page; a page that needs more is not read to its end */
#define STYLE_UNKNOWN 0xFF000000u /* a colour that is not known: gradient, picture, variable */
#define STYLE_UNSET 0xFE000000u
#define STYLE_CLEAR 0xFD000000u /* transparent */

enum style_tri { STYLE_SAYS_NOTHING = 0, STYLE_HIDES = 1, STYLE_SHOWS = 2 };
struct style {
    uint32_t color, background; /* 0xRRGGBB, STYLE_UNKNOWN, STYLE_UNSET; color may be STYLE_CLEAR */
    int32_t font;               /* tenths of px; -1 unset; relative sizes below */
    int32_t font_percent;       /* of the parent's; -1 unset */
    uint8_t display, visibility, opacity,
        place;          /* enum style_tri; place: off the page, no height, clipped, scaled to nothing */
    uint8_t mso;        /* mso-hide: all */
    bool rtl, override; /* direction: rtl; unicode-bidi: bidi-override: together letters run backwards */
    bool fixed;         /* position: fixed or absolute */
    bool shadow;        /* text-shadow: letters without colour may still be seen */
    bool zero_height, zero_width, clipped;
};
void style_init(struct style *s);
/* Declarations "a: b; c: d"; what is said later wins. Those marked !important go to important (NULL: to s as well). */
void style_read(struct str declarations, struct style *s, struct style *important);
/* What `over` says goes over what *s says. */
void style_merge(struct style *s, const struct style *over);
/* Colour name, #rgb, #rrggbb (with alpha too), rgb(), hsl(); STYLE_UNKNOWN when it cannot be read. */
uint32_t style_color(struct str v);
/* Are the two so close that text in one on the other is not seen? */
bool style_same_color(uint32_t a, uint32_t b);
/* Does it take the element from sight, whatever its parents and children say? */
bool style_hides(const struct style *s);
/* Number with one decimal kept, times ten; *rest is what follows. false: no number. */
bool style_tenths(struct str v, int32_t *out, struct str *rest);
/* May there be a comment or an escape in it? */
bool style_is_odd(struct str s);
/* s without comments and escapes ("d\69splay", "none" behind a comment), in out, which has room for all of it. */
struct str style_plain(struct str s, char *out);

/* What one element is called by; key[0] is its tag. */
struct style_names {
    uint32_t key[STYLE_KEYS_MAX];
    uint32_t n;
};
void style_names_of(struct str tag, struct str classes, struct str id, struct style_names *out);

struct style_part { /* "p.a#b": all keys must be among the names */
    uint32_t key[3];
    uint8_t n;
    bool child; /* the part before it is the parent itself, not just somewhere above */
};
struct style_rule {
    struct style_part part[STYLE_PARTS_MAX]; /* [0] is the element, then what stands around it, inmost first */
    uint8_t n;
    uint16_t weight; /* specificity: ids, classes, tags */
    struct style style, important;
};
struct style_sheet {
    struct style_rule *rules; /* in the arena; NULL until the first */
    size_t n;
    bool deep;              /* some rule asks for what stands around an element */
    bool strong;            /* some rule is !important */
    bool unread_background; /* a rule that could not be read sets a background: colours prove nothing */
    uint64_t filter;        /* one bit per key of the elements that rules name, to pass over most elements at once */
    uint32_t work;          /* rules looked at; from STYLE_WORK_MAX on none is */
};
void style_sheet_read(struct arena *a, struct str css, struct style_sheet *sheet);
/* What the rules say for the element path[depth - 1]; what stands around it is path[0 .. depth - 2], outermost first
 * (depth 1 will do where sheet->deep is false). important: goes over the style attribute. */
void style_sheet_apply(struct style_sheet *sheet, const struct style_names *path, size_t depth, struct style *s,
                       struct style *important);
