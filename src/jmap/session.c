/* The Session object (RFC 8620 2). */
#include "core/hash.h"
#include "jmap/method.h"

static void core_capability(struct json_w *w)
{
    json_obj(w);
    json_kint(w, "maxSizeUpload", 0); /* upload comes with Email/set */
    json_kint(w, "maxConcurrentUpload", 1);
    json_kint(w, "maxSizeRequest", JMAP_REQUEST_MAX);
    json_kint(w, "maxConcurrentRequests", 8);
    json_kint(w, "maxCallsInRequest", JMAP_CALLS_MAX);
    json_kint(w, "maxObjectsInGet", JMAP_OBJECTS_MAX);
    json_kint(w, "maxObjectsInSet", 0);
    json_keyz(w, "collationAlgorithms");
    json_arr(w);
    json_arr_end(w);
    json_obj_end(w);
}

static void mail_capability(struct json_w *w)
{
    json_obj(w);
    json_keyz(w, "maxMailboxesPerEmail");
    json_none(w);
    json_keyz(w, "maxMailboxDepth");
    json_none(w);
    json_kint(w, "maxSizeMailboxName", 200);
    json_kint(w, "maxSizeAttachmentsPerEmail", 0);
    json_keyz(w, "emailQuerySortOptions");
    json_arr(w);
    json_strz(w, "receivedAt");
    json_arr_end(w);
    json_kbool(w, "mayCreateTopLevelMailbox", false);
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
    json_kbool(w, "isReadOnly", true);
    json_keyz(w, "accountCapabilities");
    json_obj(w);
    json_keyz(w, "urn:ietf:params:jmap:core");
    empty(w);
    json_keyz(w, "urn:ietf:params:jmap:mail");
    mail_capability(w);
    json_keyz(w, "urn:sigillo:guard");
    empty(w);
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

void jmap_session(const struct jmap_person *p, struct str base, struct buf *out)
{
    struct json_w w;
    char text[ID_TEXT_MAX + 1];
    struct str id = str_n(text, id_text(p->account, text));
    json_init(&w, out);
    json_obj(&w);
    json_keyz(&w, "capabilities");
    json_obj(&w);
    json_keyz(&w, "urn:ietf:params:jmap:core");
    core_capability(&w);
    json_keyz(&w, "urn:ietf:params:jmap:mail");
    empty(&w);
    json_keyz(&w, "urn:sigillo:guard");
    empty(&w);
    json_obj_end(&w);
    json_keyz(&w, "accounts");
    json_obj(&w);
    put_account(&w, p, id);
    json_obj_end(&w);
    json_keyz(&w, "primaryAccounts");
    json_obj(&w);
    json_kstr(&w, "urn:ietf:params:jmap:core", id);
    json_kstr(&w, "urn:ietf:params:jmap:mail", id);
    json_kstr(&w, "urn:sigillo:guard", id);
    json_obj_end(&w);
    json_kstr(&w, "username", p->address);
    put_url(&w, "apiUrl", base, "/jmap/api");
    put_url(&w, "downloadUrl", base, "/jmap/download/{accountId}/{blobId}/{name}?type={type}");
    put_url(&w, "uploadUrl", base, "/jmap/upload/{accountId}/");
    put_url(&w, "eventSourceUrl", base, "/jmap/events?types={types}&closeafter={closeafter}&ping={ping}");
    json_kstr(&w, "state", STR("1"));
    json_obj_end(&w);
}
