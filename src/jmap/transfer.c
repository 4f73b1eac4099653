/* Upload and download (RFC 8620 6). What a stranger wrote leaves as an attachment of a type from a list, with nosniff and a sandbox CSP (HTTP_DOWNLOAD);
 * large bytes go through a file without a name, so that a slow reader holds no memory. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/email.h"
#include "jmap/job.h"
#include "mime/param.h"
#include "store/mail_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DOWNLOAD_MEMORY (256u << 10) /* larger answers go to a file */
#define NAME_MAX_BYTES 200u

/* Types that a browser may be told: it saves them or shows them without running anything. All others are bytes. */
static const char *const safe_types[] = {
    "application/gzip",
    "application/json",
    "application/msword",
    "application/pdf",
    "application/pkcs7-mime",
    "application/rtf",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/xml",
    "application/zip",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
    "message/rfc822",
    "text/calendar",
    "text/csv",
    "text/plain",
    "text/vcard",
    "text/xml",
    "video/mp4",
    "video/webm",
};

static const char *safe_type(struct str type)
{
    struct str bare, rest;
    str_cut(type, ';', &bare, &rest);
    bare = str_trim(bare);
    for (size_t i = 0; i < N_ELEMENTS(safe_types); i++)
        if (str_ieq(bare, str_c(safe_types[i])))
            return safe_types[i];
    return "application/octet-stream";
}

/* ---- download ---- */

struct download {
    struct jmap_ctx *ctx;
    struct http_server *server;
    uint64_t id;
    struct arena *arena; /* of the request */
    struct jmap_person person;
    struct blob_ref ref;
    struct str accept, name, etag;
    int found, fd;
    const char *type;
    struct str bytes;
};

/* RFC 6266: an ASCII form for old readers and the true name in UTF-8. */
static struct str disposition(struct arena *a, struct str name)
{
    static const char hex[] = "0123456789ABCDEF";
    AUTO(buf) struct buf plain, utf8;
    buf_init(&plain, 2 * NAME_MAX_BYTES);
    buf_init(&utf8, 4 * NAME_MAX_BYTES);
    name = str_utf8_cut(str_upto(name, str_utf8_valid(name)), NAME_MAX_BYTES);
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        bool token = ascii_is_alpha((char)c) || ascii_is_digit((char)c) || strchr("-._ ", c);
        if (c == '/' || c == '\\' || c < ' ' || c == 127)
            c = '_';
        buf_addc(&plain, c < 127 && (token || strchr("()[]+,@!#$&'^{}~=", c)) ? (char)c : '_');
        if (token && c != ' ') {
            buf_addc(&utf8, (char)c);
        } else {
            buf_addc(&utf8, '%');
            buf_addc(&utf8, hex[c >> 4]);
            buf_addc(&utf8, hex[c & 15]);
        }
    }
    return arena_printf(a, "Content-Disposition: attachment; filename=\"%.*s\"; filename*=UTF-8''%.*s\r\n",
                        STRF(buf_str(&plain)), STRF(buf_str(&utf8)));
}

static int to_file(const struct download *d, struct str bytes)
{
    char tmp[4096];
    if ((size_t)snprintf(tmp, sizeof tmp, "%s/tmp", store_conf(d->ctx->store)->state) >= sizeof tmp)
        return -1;
    AUTO(fd) int fd = open(tmp, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    for (size_t at = 0; fd >= 0 && at < bytes.n;) {
        ssize_t n = write(fd, bytes.p + at, bytes.n - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        at += (size_t)n;
    }
    return fd < 0 ? -1 : STEAL_FD(fd);
}

static int load(struct txn *t, void *arg)
{
    struct download *d = arg;
    struct blob_got got;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    d->found = blob_get(t, &d->person, &a, &d->ref, &got);
    if (d->found != 1)
        return d->found < 0 ? d->found : 0;
    d->type = safe_type(d->accept.n ? d->accept : got.type);
    if (!d->name.n)
        d->name = arena_str(d->arena, str_upto(got.name, NAME_MAX_BYTES));
    d->bytes = STR("");
    if (got.bytes.n > DOWNLOAD_MEMORY && (d->fd = to_file(d, got.bytes)) >= 0)
        d->bytes.n = got.bytes.n;
    else if (!arena_try(d->arena, 1))
        return ERR_NOMEM;
    else {
        char *p = arena_try(d->arena, got.bytes.n + 1);
        if (!p)
            return ERR_NOMEM;
        memcpy(p, got.bytes.p ? got.bytes.p : "", got.bytes.n);
        d->bytes = str_n(p, got.bytes.n);
    }
    return 0;
}

static void on_loaded(void *arg, enum cell_outcome outcome, int code)
{
    struct download *d = arg;
    (void)code;
    jmap_leave(d->ctx, &d->person);
    if (outcome != CELL_DURABLE || d->found != 1) {
        if (d->fd >= 0)
            close(d->fd);
        (outcome == CELL_DURABLE ? jmap_gone : jmap_refuse)(d->server, d->id);
        return;
    }
    struct http_answer a = {.status = 200,
                            .type = d->type,
                            .headers = disposition(d->arena, d->name.n ? d->name : STR("file")),
                            .flags = HTTP_DOWNLOAD | HTTP_CACHE_CHECK | HTTP_RANGES,
                            .etag = d->etag};
    if (d->fd >= 0)
        a.source = http_source_file(d->arena, d->fd, d->bytes.n);
    else
        a.view = d->bytes;
    http_reply(d->server, d->id, &a);
}

/* "/download/{accountId}/{blobId}/{name}" */
static bool read_path(struct http_req *r, struct download *d)
{
    struct str rest = str_from(r->head.path, 10), account, blob, name;
    char own[ID_TEXT_MAX + 1];
    if (!str_cut(rest, '/', &account, &rest))
        return false;
    str_cut(rest, '/', &blob, &name);
    if (!str_eq(account, str_n(own, id_text(d->person.account, own))) || !blob_parse(blob, &d->ref))
        return false;
    d->etag = arena_printf(r->arena, "\"%.*s-%.*s\"", STRF(account), STRF(blob));
    name = str_upto(name, 3 * NAME_MAX_BYTES);
    for (size_t i = 1; i <= 2 && i <= name.n; i++) /* not through the middle of "%C3" */
        if (name.p[name.n - i] == '%')
            name.n -= i;
    return name.n == 0 || http_decode(r->arena, name, &d->name);
}

void jmap_download(struct http_req *r, void *ctx)
{
    struct jmap_ctx *c = ctx;
    struct download *d = arena_new(r->arena, struct download);
    struct cell *cell;
    *d = (struct download){.ctx = c,
                           .server = r->server,
                           .id = r->id,
                           .arena = r->arena,
                           .person = jmap_person_of(r->person),
                           .fd = -1,
                           .name = STR("")};
    d->accept = http_query(r->arena, r->head.query, STR("accept"));
    if (!d->accept.n)
        d->accept = http_query(r->arena, r->head.query, STR("type"));
    if (!read_path(r, d)) {
        jmap_gone(r->server, r->id);
        return;
    }
    if (!jmap_enter(c, &d->person, JMAP_REQUESTS_MAX)) {
        jmap_too_many(r, "maxConcurrentRequests");
        return;
    }
    if (store_cell(c->store, d->person.cell, &cell, NULL) != 0 || cell_read(cell, load, d, on_loaded) != 0) {
        jmap_leave(c, &d->person);
        jmap_refuse(r->server, r->id);
    }
}

/* ---- upload ---- */

struct upload {
    struct jmap_ctx *ctx;
    struct http_server *server;
    const struct http_req *req;
    struct jmap_person person;
    struct cell *cell;
    struct arena arena;
    struct str type;
    struct blob_draft draft, *drafts[1];
    int64_t upload;
    uint64_t bytes; /* counted in ctx->upload_bytes; the request may be gone when they are given back */
};

static int prepare(struct txn *t, void *arg)
{
    struct upload *u = arg;
    uint64_t size = u->req->body_size;
    (void)t;
    char *p = arena_try(&u->arena, size + 1);
    if (!p)
        return ERR_NOMEM;
    for (uint64_t at = 0; at < size;) {
        ssize_t n = http_body_read(u->req, at, p + at, size - at);
        if (n <= 0)
            return ERR_IO;
        at += (uint64_t)n;
    }
    return blob_prepare(&u->arena, u->person.org, str_n(p, size), &u->draft);
}

static int keep(struct txn *t, void *arg)
{
    struct upload *u = arg;
    return mail_upload_add(t, u->person.org, u->person.account, &u->draft, u->type, &u->upload);
}

/* Before the reply: u lies in the request's arena, which goes with it. */
static void end_upload(struct upload *u)
{
    jmap_leave(u->ctx, &u->person);
    u->ctx->upload_bytes -= u->bytes;
    arena_free(&u->arena);
}

static void on_kept(void *arg, enum cell_outcome outcome, int code)
{
    struct upload *u = arg;
    struct http_server *s = u->server;
    uint64_t id = u->req->id;
    if (outcome == CELL_REFUSED && code == MAIL_UPLOADS_FULL) {
        end_upload(u);
        http_reply_error(s, id, 413, "tooLarge", "Troppi file caricati e non usati: riprovate domani.",
                         "Too many files were uploaded and not used: try again tomorrow.");
        return;
    }
    if (outcome != CELL_DURABLE) {
        end_upload(u);
        jmap_refuse(s, id);
        return;
    }
    struct buf b;
    struct json_w w;
    buf_init(&b, 4096);
    json_init(&w, &b);
    json_obj(&w);
    json_keyz(&w, "accountId");
    jmap_put_id(&w, u->person.account);
    json_kstr(&w, "blobId", blob_text(&u->arena, BLOB_UPLOAD, u->upload, 0));
    json_kstr(&w, "type", u->type);
    json_kint(&w, "size", (int64_t)u->draft.size);
    json_obj_end(&w);
    end_upload(u);
    http_reply_json(s, id, 201, &b);
}

static void on_prepared(void *arg, enum cell_outcome outcome, int code)
{
    struct upload *u = arg;
    (void)code;
    u->drafts[0] = &u->draft;
    if (outcome == CELL_DURABLE && cell_write(u->cell, keep, u, u->drafts, 1, on_kept) == 0)
        return;
    struct http_server *s = u->server;
    uint64_t id = u->req->id;
    end_upload(u);
    jmap_refuse(s, id);
}

/* The type as the client says it, when it is one; only told back. */
static struct str given_type(struct http_req *r)
{
    struct str type = http_field(&r->head, STR("Content-Type"));
    bool good = type.n > 2 && type.n <= 200 && str_chr(type, '/', 0) > 0;
    for (size_t i = 0; i < type.n && good; i++)
        good = type.p[i] >= ' ' && type.p[i] < 127;
    return good ? arena_str(r->arena, type) : STR("application/octet-stream");
}

void jmap_upload(struct http_req *r, void *ctx)
{
    struct jmap_ctx *c = ctx;
    char own[ID_TEXT_MAX + 1];
    struct str account = str_from(r->head.path, 8);
    struct upload *u = arena_new(r->arena, struct upload);
    *u = (struct upload){.ctx = c, .server = r->server, .req = r, .person = jmap_person_of(r->person)};
    if (str_ends(account, STR("/")))
        account.n--;
    if (!u->person.may_write || !str_eq(account, str_n(own, id_text(u->person.account, own)))) {
        jmap_gone(r->server, r->id);
        return;
    }
    if (!jmap_enter(c, &u->person, JMAP_UPLOADS_MAX)) {
        jmap_too_many(r, "maxConcurrentUpload");
        return;
    }
    if (c->upload_bytes && c->upload_bytes + r->body_size > JMAP_UPLOADS_BYTES) {
        jmap_leave(c, &u->person);
        http_reply_error(r->server, r->id, 503, "busy", "Troppi file in arrivo in questo momento: riprovate tra poco.",
                         "Too many files are coming in at the moment: try again soon.");
        return;
    }
    u->bytes = r->body_size;
    c->upload_bytes += u->bytes;
    u->type = given_type(r);
    arena_init(&u->arena, ARENA_NO_LIMIT);
    if (store_cell(c->store, u->person.cell, &u->cell, NULL) == 0 && cell_read(u->cell, prepare, u, on_prepared) == 0)
        return;
    end_upload(u);
    jmap_refuse(r->server, r->id);
}
