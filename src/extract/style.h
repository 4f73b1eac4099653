#pragma once
/* The little of CSS that decides whether a person sees text: declarations of a style attribute, and rules of style
 * elements with one simple selector (tag, .class, #id, tag.class). Rules inside @media and the like are for other
 * screens and are passed over. */
#include "core/arena.h"

#define STYLE_RULES_MAX 512u
#define STYLE_UNKNOWN 0xFF000000u /* a colour that is not known: gradient, picture, variable */
#define STYLE_UNSET 0xFE000000u

enum style_tri { STYLE_SAYS_NOTHING = 0, STYLE_HIDES = 1, STYLE_SHOWS = 2 };
struct style {
    uint32_t color, background; /* 0xRRGGBB, STYLE_UNKNOWN or STYLE_UNSET */
    int32_t font;               /* tenths of px; -1 unset; relative sizes below */
    int32_t font_percent;       /* of the parent's; -1 unset */
    uint8_t display, visibility, opacity,
        place;          /* enum style_tri; place: off the page, no height, clipped, scaled to nothing */
    uint8_t mso;        /* mso-hide: all */
    bool rtl, override; /* direction: rtl; unicode-bidi: bidi-override: together letters run backwards */
    bool fixed;         /* position: fixed or absolute */
    bool zero_height, zero_width, clipped;
};
void style_init(struct style *s);
/* Declarations "a: b; c: d"; what is said later wins. */
void style_read(struct str declarations, struct style *s);
/* Colour name, #rgb, #rrggbb, rgb(); STYLE_UNKNOWN when it cannot be read. */
uint32_t style_color(struct str v);
/* Are the two so close that text in one on the other is not seen? */
bool style_same_color(uint32_t a, uint32_t b);
/* Does it take the element from sight, whatever its parents and children say? */
bool style_hides(const struct style *s);

struct style_rule {
    uint32_t key;  /* hash of "tag", ".class" or "#id" in lower case */
    uint32_t also; /* of "tag.class": hash of the tag; 0 any */
    struct style style;
};
struct style_sheet {
    struct style_rule *rules; /* in the arena; NULL until the first */
    size_t n;
    bool unread_background; /* a rule that could not be read sets a background: colours prove nothing */
    uint64_t filter;        /* one bit per key, to pass over most elements at once */
};
uint32_t style_key(char kind, struct str name); /* kind: 0 for a tag, '.' or '#' */
void style_sheet_read(struct arena *a, struct str css, struct style_sheet *sheet);
/* What the rules say for an element: classes is the class attribute. */
void style_sheet_apply(const struct style_sheet *sheet, struct str tag, struct str classes, struct str id,
                       struct style *s);
