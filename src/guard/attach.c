/* Attachment family: what a file is, against what it says it is (guard.md M1-M8). */
#include "guard/content.h"

#define ATTACH_TOLD 4u /* files that are named; more say nothing new */

/* From bits of facts_att to a finding, worst first; one finding a file. */
static const struct {
    unsigned flag;
    enum guard_code code;
} harms[] = {
    {ATT_SMUGGLING, GUARD_ATTACH_SMUGGLING}, {ATT_DIRECTION, GUARD_ATTACH_DISGUISED},
    {ATT_PROGRAM, GUARD_ATTACH_PROGRAM},     {ATT_SHORTCUT, GUARD_ATTACH_PROGRAM},
    {ATT_DISK_IMAGE, GUARD_ATTACH_DISK},     {ATT_DOUBLE_EXTENSION, GUARD_ATTACH_DISGUISED},
    {ATT_PASSWORD_FORM, GUARD_ATTACH_FORM},  {ATT_BOMB, GUARD_ATTACH_UNREAD},
    {ATT_MACRO, GUARD_ATTACH_MACRO},         {ATT_POLYGLOT, GUARD_ATTACH_TWO},
    {ATT_REMOTE, GUARD_ATTACH_REMOTE},       {ATT_PDF_ACTIVE, GUARD_ATTACH_ACTIVE},
    {ATT_ENCRYPTED, GUARD_ATTACH_ENCRYPTED}, {ATT_UNREADABLE, GUARD_ATTACH_UNREAD},
};

static bool web_page(const struct facts_attachment *f)
{
    return str_eq(f->kind, STR("html")) || str_eq(f->kind, STR("svg")) || str_eq(f->kind, STR("shtml"));
}

/* The worst of its flags; N_ELEMENTS(harms) none. */
static size_t harm_of(const struct facts_attachment *f)
{
    size_t i = 0;
    while (i < N_ELEMENTS(harms) && !(f->flags & harms[i].flag))
        i++;
    return i;
}

/* What is made to exhaust its reader is no accident. */
static enum guard_level harm_level(size_t i)
{
    return harms[i].flag == ATT_BOMB ? GUARD_STOP : guard_table[harms[i].code].level;
}

static void one(struct guard_case *c, const struct facts_attachment *f)
{
    struct str name = f->name.n ? f->name : f->kind.n ? f->kind : STR("–");
    struct str detail = f->detail.n ? f->detail : f->kind;
    size_t i = harm_of(f);
    if (i < N_ELEMENTS(harms) && harms[i].flag == ATT_ENCRYPTED)
        GUARD_FIND(c, GUARD_ATTACH_ENCRYPTED, {"name", name}, {"kind", f->kind},
                   {"look", f->flags & ATT_OPENED ? STR("opened") : STR("closed")});
    else if (i < N_ELEMENTS(harms))
        GUARD_FIND_AT(c, harms[i].code, harm_level(i), {"name", name}, {"kind", f->kind}, {"detail", detail});
    else if (web_page(f) && !(f->flags & ATT_INLINE))
        GUARD_FIND(c, GUARD_ATTACH_PAGE, {"name", name}, {"kind", f->kind});
    else if (f->flags & ATT_TYPE_DIFFERS)
        GUARD_FIND(c, GUARD_ATTACH_TYPE, {"name", name}, {"kind", f->kind}, {"detail", detail});
}

void guard_attachments(struct guard_case *c, struct guard_content *k)
{
    const struct facts_insight *in = c->in->insight;
    size_t told = 0;
    (void)k;
    /* What stops first: no number of odd files before it hides a program. */
    for (int stops = 1; stops >= 0; stops--)
        for (size_t i = 0; i < in->n_attachments && told < ATTACH_TOLD; i++) {
            size_t before = c->v->n_findings, harm = harm_of(&in->attachments[i]);
            if ((harm < N_ELEMENTS(harms) && harm_level(harm) == GUARD_STOP) == (stops == 1))
                one(c, &in->attachments[i]);
            told += c->v->n_findings > before;
        }
    if (in->flags & FACTS_PARTIAL)
        GUARD_FIND(c, GUARD_MESSAGE_UNREADABLE, {"reason", STR("message/partial")});
}
