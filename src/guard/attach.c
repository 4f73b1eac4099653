/* Attachment family: what a file is, against what it says it is (guard.md M1-M8). */
#include "guard/content.h"

/* From bits of facts_att to a finding, worst first; one finding a file. */
static const struct {
    unsigned flag;
    enum guard_code code;
} harms[] = {
    {ATT_SMUGGLING, GUARD_ATTACH_SMUGGLING}, {ATT_DIRECTION, GUARD_ATTACH_DISGUISED},
    {ATT_PROGRAM, GUARD_ATTACH_PROGRAM},     {ATT_SHORTCUT, GUARD_ATTACH_PROGRAM},
    {ATT_DISK_IMAGE, GUARD_ATTACH_DISK},     {ATT_DOUBLE_EXTENSION, GUARD_ATTACH_DISGUISED},
    {ATT_PASSWORD_FORM, GUARD_ATTACH_FORM},  {ATT_MACRO, GUARD_ATTACH_MACRO},
    {ATT_BOMB, GUARD_ATTACH_UNREAD},         {ATT_POLYGLOT, GUARD_ATTACH_TWO},
    {ATT_REMOTE, GUARD_ATTACH_REMOTE},       {ATT_PDF_ACTIVE, GUARD_ATTACH_ACTIVE},
    {ATT_ENCRYPTED, GUARD_ATTACH_ENCRYPTED}, {ATT_UNREADABLE, GUARD_ATTACH_UNREAD},
};

static bool web_page(const struct facts_attachment *f)
{
    return str_eq(f->kind, STR("html")) || str_eq(f->kind, STR("svg")) || str_eq(f->kind, STR("shtml"));
}

static void one(struct guard_case *c, const struct facts_attachment *f)
{
    struct str name = f->name.n ? f->name : f->kind.n ? f->kind : STR("–");
    struct str detail = f->detail.n ? f->detail : f->kind;
    for (size_t i = 0; i < N_ELEMENTS(harms); i++)
        if (f->flags & harms[i].flag) {
            const struct guard_fact facts[] = {{"name", name}, {"kind", f->kind}, {"detail", detail}};
            /* What is made to exhaust its reader is no accident. */
            guard_find_at(c, harms[i].code, harms[i].flag == ATT_BOMB ? GUARD_STOP : guard_table[harms[i].code].level,
                          facts, N_ELEMENTS(facts));
            return;
        }
    if (web_page(f) && !(f->flags & ATT_INLINE))
        GUARD_FIND(c, GUARD_ATTACH_PAGE, {"name", name}, {"kind", f->kind});
    else if (f->flags & ATT_TYPE_DIFFERS)
        GUARD_FIND(c, GUARD_ATTACH_TYPE, {"name", name}, {"kind", f->kind}, {"detail", detail});
}

void guard_attachments(struct guard_case *c, struct guard_content *k)
{
    const struct facts_insight *in = c->in->insight;
    size_t told = 0;
    (void)k;
    for (size_t i = 0; i < in->n_attachments && told < 4; i++) {
        size_t before = c->v->n_findings;
        one(c, &in->attachments[i]);
        told += c->v->n_findings > before;
    }
    if (in->flags & FACTS_PARTIAL)
        GUARD_FIND(c, GUARD_MESSAGE_UNREADABLE, {"reason", STR("message/partial")});
}
