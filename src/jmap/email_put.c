/* Email to JSON: a row of functions, one a property. The body is the cleaned text of the scan (safe text), as one part
 * "text": nothing of the sender's HTML leaves the server here. */
#include "core/hash.h"
#include "jmap/email.h"

#define TEXT_PART "text"

const char *const email_props[EP_COUNT] = {
    [EP_ID] = "id",
    [EP_BLOB_ID] = "blobId",
    [EP_THREAD_ID] = "threadId",
    [EP_MAILBOX_IDS] = "mailboxIds",
    [EP_KEYWORDS] = "keywords",
    [EP_SIZE] = "size",
    [EP_RECEIVED_AT] = "receivedAt",
    [EP_MESSAGE_ID] = "messageId",
    [EP_IN_REPLY_TO] = "inReplyTo",
    [EP_REFERENCES] = "references",
    [EP_SENDER] = "sender",
    [EP_FROM] = "from",
    [EP_TO] = "to",
    [EP_CC] = "cc",
    [EP_BCC] = "bcc",
    [EP_REPLY_TO] = "replyTo",
    [EP_SUBJECT] = "subject",
    [EP_SENT_AT] = "sentAt",
    [EP_HAS_ATTACHMENT] = "hasAttachment",
    [EP_PREVIEW] = "preview",
    [EP_BODY_VALUES] = "bodyValues",
    [EP_TEXT_BODY] = "textBody",
    [EP_HTML_BODY] = "htmlBody",
    [EP_ATTACHMENTS] = "attachments",
    [EP_GUARD_VERDICT] = "guardVerdict",
    [EP_GUARD_FINDINGS] = "guardFindings",
    [EP_GUARD_HELD] = "guardHeld",
};

typedef void put_fn(struct email_view *v, struct json_w *w);

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
static void put_blob(struct email_view *v, struct json_w *w) { jmap_put_id(w, v->row.id); }

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
    static const struct {
        uint32_t flag;
        const char *keyword;
    } rows[] = {{FLAG_SEEN, "$seen"}, {FLAG_ANSWERED, "$answered"}, {FLAG_FLAGGED, "$flagged"}, {FLAG_DRAFT, "$draft"}};
    json_obj(w);
    for (size_t i = 0; i < N_ELEMENTS(rows); i++)
        if (v->row.flags & rows[i].flag)
            json_kbool(w, rows[i].keyword, true);
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
    if (v->row.from.addr.n == 0 && v->row.from.name.n == 0) {
        json_none(w);
        return;
    }
    json_arr(w);
    put_person(w, v->row.from.name, v->row.from.addr);
    json_arr_end(w);
}

static void put_addrs(struct email_view *v, struct json_w *w, const struct mime_addr *list, size_t n)
{
    if (n == 0) {
        json_none(w);
        return;
    }
    json_arr(w);
    for (size_t i = 0; i < n; i++)
        put_person(w, list[i].name, mime_addr_key(v->c->arena, &list[i]));
    json_arr_end(w);
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

static void put_body_values(struct email_view *v, struct json_w *w)
{
    json_obj(w);
    if (v->body_values) {
        struct str text = v->insight.text, shown = v->max_bytes > 0 ? str_utf8_cut(text, (size_t)v->max_bytes) : text;
        json_keyz(w, TEXT_PART);
        json_obj(w);
        json_kstr(w, "value", shown);
        json_kbool(w, "isEncodingProblem", (v->insight.flags & FACTS_BAD_CHARSET) != 0);
        json_kbool(w, "isTruncated", shown.n < text.n || (v->insight.flags & FACTS_TEXT_CUT));
        json_obj_end(w);
    }
    json_obj_end(w);
}

static void put_text_body(struct email_view *v, struct json_w *w)
{
    json_arr(w);
    json_obj(w);
    json_kstr(w, "partId", STR(TEXT_PART));
    json_keyz(w, "blobId");
    json_none(w);
    json_kint(w, "size", (int64_t)v->insight.text.n);
    json_kstr(w, "type", STR("text/plain"));
    json_kstr(w, "charset", STR("utf-8"));
    json_obj_end(w);
    json_arr_end(w);
}

static bool is_attachment(const struct facts_part *p)
{
    return str_eq(p->disposition, STR("attachment")) || (p->name.n > 0 && !str_eq(p->type, STR("text")));
}

static void put_attachments(struct email_view *v, struct json_w *w)
{
    json_arr(w);
    for (size_t i = 0; v->has_facts && i < v->structure.n_parts; i++) {
        const struct facts_part *p = &v->structure.parts[i];
        if (!is_attachment(p))
            continue;
        json_obj(w);
        json_kstr(w, "partId", arena_printf(v->c->arena, "%zu", i));
        json_keyz(w, "blobId");
        json_none(w);
        json_kint(w, "size", (int64_t)p->size);
        json_kstr(w, "name", p->name);
        json_kstr(w, "type", arena_printf(v->c->arena, "%.*s/%.*s", STRF(p->type), STRF(p->subtype)));
        json_kstr(w, "disposition", p->disposition);
        json_obj_end(w);
    }
    json_arr_end(w);
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

static put_fn *const puts_of[EP_COUNT] = {
    [EP_ID] = put_id,
    [EP_BLOB_ID] = put_blob,
    [EP_THREAD_ID] = put_thread,
    [EP_MAILBOX_IDS] = put_mailboxes,
    [EP_KEYWORDS] = put_keywords,
    [EP_SIZE] = put_size,
    [EP_RECEIVED_AT] = put_received,
    [EP_MESSAGE_ID] = put_message_id,
    [EP_IN_REPLY_TO] = put_in_reply_to,
    [EP_REFERENCES] = put_references,
    [EP_SENDER] = put_sender,
    [EP_FROM] = put_from,
    [EP_TO] = put_to,
    [EP_CC] = put_cc,
    [EP_BCC] = put_bcc,
    [EP_REPLY_TO] = put_reply_to,
    [EP_SUBJECT] = put_subject,
    [EP_SENT_AT] = put_sent,
    [EP_HAS_ATTACHMENT] = put_attached,
    [EP_PREVIEW] = put_preview,
    [EP_BODY_VALUES] = put_body_values,
    [EP_TEXT_BODY] = put_text_body,
    [EP_HTML_BODY] = put_text_body,
    [EP_ATTACHMENTS] = put_attachments,
    [EP_GUARD_VERDICT] = put_verdict,
    [EP_GUARD_FINDINGS] = put_findings,
    [EP_GUARD_HELD] = put_held,
};

void email_put(struct email_view *v)
{
    struct json_w *w = v->c->w;
    json_obj(w);
    for (int p = 0; p < EP_COUNT; p++) {
        if (!(v->bits & EP_BIT(p)))
            continue;
        json_keyz(w, email_props[p]);
        puts_of[p](v, w);
    }
    json_obj_end(w);
}
