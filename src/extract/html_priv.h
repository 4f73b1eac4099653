#pragma once
/* Inside of the HTML reader: html.c says what is seen, html_page.c what it leads to and loads. */
#include "extract/job.h"
#include "extract/style.h"
#include <libxml/HTMLparser.h>

/* What holds for the text directly inside of one element. */
struct html_frame {
    uint32_t color, background;
    int32_t font; /* tenths of px */
    unsigned kind;
    bool gone;   /* by display and the like: nothing below comes back */
    bool unseen; /* visibility: hidden; a child may show itself */
    bool skip;
    bool quote;
    bool backwards; /* letters are shown from the last to the first */
    bool painted;   /* the background was said, not assumed */
    bool shadow;    /* letters without colour may be seen by it */
};
struct html_reader {
    struct extract_job *j;
    struct buf *out;
    uint32_t part;
    enum facts_link_kind kind;
    struct style_sheet sheet;
    struct html_frame *frames;
    struct style_names *names; /* of each frame; NULL while no rule asks for what stands around an element */
    size_t n, cap, deeper;     /* frames in use; elements beyond HTML_DEPTH_MAX */
    struct buf unseen;         /* what was hidden, cut at HTML_UNSEEN_MAX */
    int quotes;
    bool line_start, space, join, in_hidden, own_words, link_open;
    uint32_t flags, line; /* enum facts_html; lines ended in out */
    uint64_t shown, hidden;
    struct str href, alt, base;
    size_t href_text, href_depth; /* out->n where the link's text begins */
    uint32_t href_line;
    bool href_quoted;
};

/* Value of an attribute; p is NULL when it is not there. */
struct str html_attribute(const xmlChar **atts, const char *want);
/* A link begins with an element that has href, and ends with it or with the next one. */
void html_link_start(struct html_reader *r, const xmlChar **atts);
void html_link_end(struct html_reader *r);
void html_form(struct html_reader *r, const xmlChar **atts);
void html_image(struct html_reader *r, const xmlChar **atts);
/* base, meta, input, button, frames: what they say about the page. */
void html_about_page(struct html_reader *r, const char *name, const xmlChar **atts);
/* What any element may have: handlers run, backgrounds load. */
void html_any_attribute(struct html_reader *r, const xmlChar **atts);
