/* The Session object (RFC 8620 2). */
#include "core/hash.h"
#include "jmap/email_set.h"

#define ADMIN "urn:sigillo:admin"

int jmap_person_load(struct txn *t, struct jmap_person *p)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_PERSON_GET, DB_ARGS(db_int(p->org), db_int(p->account)));
    if (r || (r = db_next(&c)) != 1)
        return r < 0 ? r : 1;
    p->admin = p->may_admin && db_col_int(&c, 3) == 1;
    return db_col_int(&c, 2) == 1 && db_col_int(&c, 6) == 1 ? 0 : 1;
}

static int64_t least(uint64_t limit, uint64_t body_max)
{
    return (int64_t)(body_max && body_max < limit ? body_max : limit);
}

static void core_capability(struct json_w *w, uint64_t body_max)
{
    json_obj(w);
    json_kint(w, "maxSizeUpload", least(JMAP_UPLOAD_MAX, body_max));
    json_kint(w, "maxConcurrentUpload", JMAP_UPLOADS_MAX);
    json_kint(w, "maxSizeRequest", least(JMAP_REQUEST_MAX, body_max));
    json_kint(w, "maxConcurrentRequests", JMAP_REQUESTS_MAX);
    json_kint(w, "maxCallsInRequest", JMAP_CALLS_MAX);
    json_kint(w, "maxObjectsInGet", JMAP_OBJECTS_MAX);
    json_kint(w, "maxObjectsInSet", JMAP_SET_MAX);
    json_keyz(w, "collationAlgorithms");
    json_arr(w);
    json_arr_end(w);
    json_obj_end(w);
}

static void mail_capability(struct json_w *w)
{
    json_obj(w);
    json_kint(w, "maxMailboxesPerEmail", EMAIL_MAILBOXES_MAX);
    json_kint(w, "maxMailboxDepth", 10);
    json_kint(w, "maxSizeMailboxName", 200);
    json_kint(w, "maxSizeAttachmentsPerEmail", JMAP_UPLOAD_MAX);
    json_keyz(w, "emailQuerySortOptions");
    json_arr(w);
    static const char *const sorts[] = {"receivedAt",
                                        "size",
                                        "from",
                                        "subject",
                                        "sentAt",
                                        "hasKeyword",
                                        "allInThreadHaveKeyword",
                                        "someInThreadHaveKeyword"};
    for (size_t i = 0; i < N_ELEMENTS(sorts); i++)
        json_strz(w, sorts[i]);
    json_arr_end(w);
    json_kbool(w, "mayCreateTopLevelMailbox", true);
    json_obj_end(w);
}

static void submission_capability(struct json_w *w)
{
    json_obj(w);
    json_kint(w, "maxDelayedSend", 0);
    json_keyz(w, "submissionExtensions");
    json_obj(w);
    json_obj_end(w);
    json_obj_end(w);
}

static void empty(struct json_w *w)
{
    json_obj(w);
    json_obj_end(w);
}

static void put_account(struct json_w *w, const struct jmap_person *p, struct str id)
{
    json_key(w, id);
    json_obj(w);
    json_kstr(w, "name", p->address);
    json_kbool(w, "isPersonal", true);
    json_kbool(w, "isReadOnly", !p->may_write);
    json_keyz(w, "accountCapabilities");
    json_obj(w);
    json_keyz(w, "urn:ietf:params:jmap:core");
    empty(w);
    json_keyz(w, "urn:ietf:params:jmap:mail");
    mail_capability(w);
    json_keyz(w, "urn:ietf:params:jmap:submission");
    submission_capability(w);
    json_keyz(w, "urn:sigillo:guard");
    empty(w);
    if (p->admin) {
        json_keyz(w, ADMIN);
        empty(w);
    }
    json_obj_end(w);
    json_obj_end(w);
}

static void put_url(struct json_w *w, const char *key, struct str base, const char *path)
{
    AUTO(buf) struct buf b;
    buf_init(&b, 1024);
    buf_adds(&b, base);
    buf_addz(&b, path);
    json_kstr(w, key, buf_str(&b));
}

/* What the Session object holds beyond the account itself is whether the person administrates. */
struct str jmap_session_state(const struct jmap_person *p) { return p->admin ? STR("1a") : STR("1"); }

void jmap_session(const struct jmap_person *p, struct str base, uint64_t body_max, struct buf *out)
{
    struct json_w w;
    char text[ID_TEXT_MAX + 1];
    struct str id = str_n(text, id_text(p->account, text));
    json_init(&w, out);
    json_obj(&w);
    json_keyz(&w, "capabilities");
    json_obj(&w);
    json_keyz(&w, "urn:ietf:params:jmap:core");
    core_capability(&w, body_max);
    json_keyz(&w, "urn:ietf:params:jmap:mail");
    empty(&w);
    json_keyz(&w, "urn:ietf:params:jmap:submission");
    empty(&w);
    json_keyz(&w, "urn:sigillo:guard");
    empty(&w);
    if (p->admin) {
        json_keyz(&w, ADMIN);
        empty(&w);
    }
    json_obj_end(&w);
    json_keyz(&w, "accounts");
    json_obj(&w);
    put_account(&w, p, id);
    json_obj_end(&w);
    json_keyz(&w, "primaryAccounts");
    json_obj(&w);
    json_kstr(&w, "urn:ietf:params:jmap:mail", id); /* core SHOULD NOT stand here */
    json_kstr(&w, "urn:ietf:params:jmap:submission", id);
    json_kstr(&w, "urn:sigillo:guard", id);
    if (p->admin)
        json_kstr(&w, ADMIN, id);
    json_obj_end(&w);
    json_kstr(&w, "username", p->address);
    put_url(&w, "apiUrl", base, "/jmap/api");
    put_url(&w, "downloadUrl", base, "/download/{accountId}/{blobId}/{name}?accept={type}");
    put_url(&w, "uploadUrl", base, "/upload/{accountId}");
    put_url(&w, "eventSourceUrl", base, "/events?types={types}&closeafter={closeafter}&ping={ping}");
    json_kstr(&w, "state", jmap_session_state(p));
    json_obj_end(&w);
}
