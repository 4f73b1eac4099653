/* The stand-in of a held message: our own words only, no link, no byte that the sender chose except the address in
 * plain text of ASCII letters, so that nothing he wrote acts through it. */
#include "intake/road.h"
#include "mime/date.h"

/* Address as it may be shown: visible ASCII, else a question mark; cut. */
static struct str plain(struct arena *a, struct str s)
{
    struct str c = arena_str(a, str_upto(s, 254));
    char *p = (char *)(uintptr_t)c.p;
    for (size_t i = 0; i < c.n; i++)
        if (p[i] <= ' ' || (unsigned char)p[i] > '~' || strchr("<>\"'\\:/", p[i]))
            p[i] = '?';
    return c;
}

struct str road_stub(struct road *r)
{
    struct arena *a = &r->arena;
    char date[MIME_DATE_TEXT_MAX];
    struct str when = mime_date_text(r->accepted.at_ms, 0, date);
    struct str host = r->in->conf.hostname, to = r->target[0].address;
    struct str from = r->input.from_addr.n ? plain(a, r->input.from_addr) : STR("?");
    return arena_printf(
        a,
        "From: Sigillo <no-reply@%.*s>\r\nTo: <%.*s>\r\nDate: %.*s\r\nMessage-ID: <held.%s@%.*s>\r\n"
        "Subject: Messaggio trattenuto / Message held\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        "Un messaggio di %.*s è stato trattenuto perché un controllo sui pagamenti o sul mittente chiede l'occhio di "
        "una persona.\r\n"
        "Il messaggio è conservato intero: lo trovate nel pannello di Sigillo, alla voce Trattenuti.\r\n"
        "Non pagate e non rispondete prima di averlo verificato.\r\n\r\n"
        "A message from %.*s was held because a check on payments or on the sender asks for a person's eye.\r\n"
        "The message is kept whole: you find it in the Sigillo panel, under Held.\r\n"
        "Do not pay and do not answer before you have verified it.\r\n\r\n(%s)\r\n",
        STRF(host), STRF(to), STRF(when), r->id_text, STRF(host), STRF(from), STRF(from), r->id_text);
}
