/* Email to JSON: a row of the table, one function a property. What a held message may show is its row and its cleaned text alone. */
#include "core/hash.h"
#include "jmap/email.h"

static void put_addrs(struct email_view *v, struct json_w *w, const struct mime_addr *list, size_t n);

static void put_id(struct email_view *v, struct json_w *w) { jmap_put_id(w, v->row.id); }
static void put_thread(struct email_view *v, struct json_w *w) { jmap_put_id(w, v->row.thread); }
static void put_size(struct email_view *v, struct json_w *w) { json_int(w, v->row.size); }
static void put_received(struct email_view *v, struct json_w *w) { json_time(w, v->row.received_ms); }
static void put_subject(struct email_view *v, struct json_w *w) { json_str(w, v->row.subject); }
static void put_attached(struct email_view *v, struct json_w *w) { json_bool(w, v->row.has_attachment); }
static void put_preview(struct email_view *v, struct json_w *w) { json_str(w, v->row.preview); }
static void put_held(struct email_view *v, struct json_w *w) { json_bool(w, v->row.held); }
static void put_findings(struct email_view *v, struct json_w *w)
{
    (void)w;
    email_put_findings(v);
}

/* The raw bytes' name. Of a held message they are refused wherever they are asked for (design 4, rule of hold). */
static void put_blob(struct email_view *v, struct json_w *w) { json_str(w, v->blob_id); }

static void put_mailboxes(struct email_view *v, struct json_w *w)
{
    char text[ID_TEXT_MAX + 1];
    json_obj(w);
    for (size_t i = 0; i < v->row.n_mailboxes; i++) {
        size_t n = id_text(v->row.mailboxes[i], text);
        json_key(w, str_n(text, n));
        json_bool(w, true);
    }
    json_obj_end(w);
}

static void put_keywords(struct email_view *v, struct json_w *w)
{
    json_obj(w);
    for (unsigned bit = 0; bit <= KEYWORD_LAST; bit++)
        if ((v->row.flags & (1u << bit)) && v->keywords.name[bit].n) {
            json_key(w, v->keywords.name[bit]);
            json_bool(w, true);
        }
    json_obj_end(w);
}

static void put_words(struct json_w *w, struct str list)
{
    struct str word;
    if (list.n == 0) {
        json_none(w);
        return;
    }
    json_arr(w);
    while (list.n > 0 && str_token(&list, ' ', &word))
        if (word.n)
            json_str(w, word);
    json_arr_end(w);
}
static void put_message_id(struct email_view *v, struct json_w *w) { put_words(w, v->row.message_id); }
static void put_in_reply_to(struct email_view *v, struct json_w *w) { put_words(w, v->row.in_reply_to); }
static void put_references(struct email_view *v, struct json_w *w) { put_words(w, v->row.references); }

static void put_person(struct json_w *w, struct str name, struct str addr)
{
    json_obj(w);
    json_keyz(w, "name");
    if (name.n)
        json_str(w, name);
    else
        json_none(w);
    json_kstr(w, "email", addr);
    json_obj_end(w);
}

static void put_from(struct email_view *v, struct json_w *w)
{
    if (v->parsed) {
        put_addrs(v, w, v->who.from_all.v, v->who.from_all.n);
        return;
    }
    if (v->row.from.addr.n == 0 && v->row.from.name.n == 0) {
        json_none(w);
        return;
    }
    json_arr(w);
    put_person(w, v->row.from.name, v->row.from.addr);
    json_arr_end(w);
}

void email_put_addrs(struct json_w *w, struct arena *a, const struct mime_addr *list, size_t n)
{
    json_arr(w);
    for (size_t i = 0; i < n; i++)
        put_person(w, list[i].name, mime_addr_key(a, &list[i]));
    json_arr_end(w);
}

static void put_addrs(struct email_view *v, struct json_w *w, const struct mime_addr *list, size_t n)
{
    if (n == 0)
        json_none(w);
    else
        email_put_addrs(w, v->c->arena, list, n);
}
static void put_to(struct email_view *v, struct json_w *w) { put_addrs(v, w, v->who.to.v, v->who.to.n); }
static void put_cc(struct email_view *v, struct json_w *w) { put_addrs(v, w, v->who.cc.v, v->who.cc.n); }
static void put_bcc(struct email_view *v, struct json_w *w) { put_addrs(v, w, v->who.bcc.v, v->who.bcc.n); }
static void put_reply_to(struct email_view *v, struct json_w *w)
{
    put_addrs(v, w, v->who.reply_to.v, v->who.reply_to.n);
}
static void put_sender(struct email_view *v, struct json_w *w)
{
    put_addrs(v, w, &v->who.sender, v->who.sender.local.p ? 1 : 0);
}

static void put_sent(struct email_view *v, struct json_w *w)
{
    if (v->row.sent_ms)
        json_time(w, v->row.sent_ms);
    else
        json_none(w);
}

static void put_verdict(struct email_view *v, struct json_w *w)
{
    static const char *const names[] = {[VERDICT_ACCEPT] = "accept",
                                        [VERDICT_CAUTION] = "caution",
                                        [VERDICT_JUNK] = "junk",
                                        [VERDICT_HOLD] = "hold",
                                        [VERDICT_REJECT] = "reject"};
    json_strz(w, (size_t)v->row.verdict < N_ELEMENTS(names) ? names[v->row.verdict] : "hold");
}

static void put_score(struct email_view *v, struct json_w *w) { json_int(w, v->row.score_millinats); }
static void put_trace(struct email_view *v, struct json_w *w)
{
    if (v->row.accepted_id.n)
        json_str(w, v->row.accepted_id);
    else
        json_none(w);
}
static void put_clean(struct email_view *v, struct json_w *w) { json_str(w, v->insight.text); }
static void put_headers(struct email_view *v, struct json_w *w)
{
    struct mime_header h;
    mime_header_init(&h, v->raw);
    header_put_all(w, v->c->arena, h.block);
}

const struct email_prop email_props[] = {
    {"id", 0, true, false, put_id, "Id", ""},
    {"blobId", 0, true, true, put_blob, "Id", "The whole message; refused while held."},
    {"threadId", 0, true, false, put_thread, "Id", ""},
    {"mailboxIds", 0, true, false, put_mailboxes, "Id[Boolean]", "Can be patched."},
    {"keywords", NEEDS_KEYWORDS, true, false, put_keywords, "String[Boolean]",
     "Can be patched; at most 30 in an account."},
    {"size", 0, true, true, put_size, "UnsignedInt", ""},
    {"receivedAt", 0, true, false, put_received, "UTCDate", ""},
    {"messageId", 0, true, true, put_message_id, "String[]|null", ""},
    {"inReplyTo", 0, true, true, put_in_reply_to, "String[]|null", ""},
    {"references", 0, true, true, put_references, "String[]|null", ""},
    {"sender", NEEDS_IDENTITY, true, true, put_sender, "EmailAddress[]|null", "null while held"},
    {"from", 0, true, true, put_from, "EmailAddress[]|null", "The one address of From, as the guard reads it."},
    {"to", NEEDS_IDENTITY, true, true, put_to, "EmailAddress[]|null", "null while held"},
    {"cc", NEEDS_IDENTITY, true, true, put_cc, "EmailAddress[]|null", "null while held"},
    {"bcc", NEEDS_IDENTITY, true, true, put_bcc, "EmailAddress[]|null", "null while held"},
    {"replyTo", NEEDS_IDENTITY, true, true, put_reply_to, "EmailAddress[]|null", "null while held"},
    {"subject", 0, true, true, put_subject, "String|null", ""},
    {"sentAt", 0, true, true, put_sent, "Date|null", ""},
    {"hasAttachment", 0, true, true, put_attached, "Boolean", ""},
    {"preview", 0, true, true, put_preview, "String", "At most 256 bytes of cleaned text."},
    {"bodyValues", NEEDS_RAW | NEEDS_STRUCTURE, true, true, email_put_values, "String[EmailBodyValue]",
     "HTML as the sender wrote it: show it only in a sandbox. Of a held message: its cleaned text."},
    {"textBody", NEEDS_STRUCTURE | NEEDS_RAW, true, true, email_put_text, "EmailBodyPart[]", ""},
    {"htmlBody", NEEDS_STRUCTURE | NEEDS_RAW, true, true, email_put_html, "EmailBodyPart[]", ""},
    {"attachments", NEEDS_STRUCTURE | NEEDS_RAW, true, true, email_put_attachments, "EmailBodyPart[]",
     "blobId is null while held"},
    {"bodyStructure", NEEDS_STRUCTURE | NEEDS_RAW, false, true, email_put_structure, "EmailBodyPart", ""},
    {"headers", NEEDS_RAW, false, true, put_headers, "EmailHeader[]", "Empty while held."},
    {"guardVerdict", 0, false, false, put_verdict, "String", "accept, caution, junk, hold, reject"},
    {"guardFindings", 0, false, false, put_findings, "Finding[]", "{code, level, facts, title{it, en}, text{it, en}}"},
    {"guardHeld", 0, false, false, put_held, "Boolean", ""},
    {"guardScore", 0, false, false, put_score, "Int", "In thousandths of a nat."},
    {"guardText", NEEDS_INSIGHT, false, false, put_clean, "String",
     "Text as a person reads it, without markup and links' targets."},
    {"guardReported", NEEDS_REPORT, false, false, email_put_reported, "{as, at, by}|null",
     "What its reader last said of it (Guard/report): as fraud, junk or honest, at a UTCDate, by an address."},
    {"traceId", 0, false, false, put_trace, "String|null", "Of the transaction it came with; see Delivery/get."},
};
const size_t email_n_props = N_ELEMENTS(email_props);

void email_put(struct email_view *v)
{
    struct json_w *w = v->c->w;
    json_obj(w);
    for (size_t i = 0; i < email_n_props; i++) {
        if (!(v->bits & (1ULL << i)))
            continue;
        json_keyz(w, email_props[i].name);
        email_props[i].put(v, w);
    }
    struct mime_header h = {0};
    if (v->n_header)
        mime_header_init(&h, v->raw);
    for (size_t i = 0; i < v->n_header; i++) {
        json_key(w, v->header[i].prop);
        header_put(w, v->c->arena, v->cs, h.block, &v->header[i]);
    }
    json_obj_end(w);
}
