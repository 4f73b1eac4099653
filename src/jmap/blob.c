/* blobIds: by account and reference row, never by hash (design 4). A held message has none that gives bytes. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/email.h"
#include "jmap/tree.h"

struct str blob_text(struct arena *a, enum blob_kind kind, int64_t id, uint32_t part)
{
    char text[ID_TEXT_MAX + 1];
    size_t n = id_text(id, text);
    if (kind == BLOB_PART)
        return arena_printf(a, "P%.*s-%u", (int)n, text, part);
    return arena_printf(a, "%c%.*s", kind == BLOB_MESSAGE ? 'M' : 'U', (int)n, text);
}

bool blob_parse(struct str text, struct blob_ref *out)
{
    uint64_t part = 0;
    struct str id, no;
    if (text.n < 2)
        return false;
    id = str_from(text, 1);
    *out = (struct blob_ref){0};
    switch (text.p[0]) {
    case 'M': out->kind = BLOB_MESSAGE; break;
    case 'U': out->kind = BLOB_UPLOAD; break;
    case 'P':
        out->kind = BLOB_PART;
        if (!str_cut(id, '-', &id, &no) || no.n > 4 || !str_u64(no, &part) || part >= FACTS_PARTS_MAX)
            return false;
        break;
    default: return false;
    }
    out->part = (uint32_t)part;
    return id_parse(id, &out->id);
}

static int get_upload(struct txn *t, const struct jmap_person *p, struct arena *a, int64_t id, struct blob_got *out)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_UPLOAD_GET, DB_ARGS(db_int(p->org), db_int(p->account), db_int(id)));
    if (r || (r = db_next(&c)) != 1)
        return r > 0 ? ERR_INVALID : r;
    struct pack_loc loc = {db_col_int(&c, 0), db_col_int(&c, 1), db_col_int(&c, 2)};
    struct str sha = db_col_str(&c, 4);
    uint8_t want[SHA256_LEN];
    if (sha.n != SHA256_LEN)
        return ERR_CORRUPT;
    memcpy(want, sha.p, sizeof want);
    out->type = arena_str(a, db_col_str(&c, 5));
    db_end(&c);
    c = (struct db_cursor){0};
    r = pack_read_blob(cell_packs(t->cell), loc, want, a, &out->bytes);
    return r ? r : 1;
}

static int get_message(struct txn *t, const struct jmap_person *p, struct arena *a, int64_t id, struct str *raw)
{
    struct mail_loc at;
    int r = mail_blob(t, p->org, p->account, id, &at);
    if (r != 1)
        return r;
    r = pack_read_blob(cell_packs(t->cell), at.loc, at.sha256, a, raw);
    return r ? r : 1;
}

static int get_part(struct txn *t, const struct jmap_person *p, struct arena *a, const struct blob_ref *ref,
                    struct blob_got *out)
{
    struct read_facts f = {0};
    struct facts_structure s = {0};
    struct str raw;
    int r = get_message(t, p, a, ref->id, &raw);
    if (r != 1 || (r = read_facts(t, a, p->org, p->account, ref->id, &f)) < 0)
        return r;
    if (f.structure.n == 0 || facts_structure_get(a, f.structure, raw.n, &s) != 0 || s.n_parts == 0)
        tree_read(a, NULL, raw, &s);
    if (ref->part >= s.n_parts || part_is(&s.parts[ref->part], "multipart", NULL))
        return 0;
    const struct facts_part *part = &s.parts[ref->part];
    out->type = part_type(a, part);
    out->name = part->name;
    r = part_bytes(a, raw, part, &out->bytes);
    return r == ERR_CORRUPT ? 0 : r ? r : 1;
}

int blob_get(struct txn *t, const struct jmap_person *p, struct arena *a, const struct blob_ref *ref,
             struct blob_got *out)
{
    *out = (struct blob_got){.name = STR("")};
    switch (ref->kind) {
    case BLOB_UPLOAD: return get_upload(t, p, a, ref->id, out);
    case BLOB_PART: return get_part(t, p, a, ref, out);
    case BLOB_MESSAGE: break;
    }
    out->type = STR("message/rfc822");
    return get_message(t, p, a, ref->id, &out->bytes);
}
