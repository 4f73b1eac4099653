/* Archives: listed and looked into, within counts of files, bytes, ratio and depth. Formats and filters are named
 * one by one: none of them runs a program. */
#include "extract/blob.h"
#include "extract/office.h"
#include <archive.h>
#include <archive_entry.h>

#define ARCHIVE_FILE_MAX (8u << 20) /* of one file that is read */
#define ARCHIVE_ENTRIES_MAX 500u
#define ARCHIVE_RATIO_MAX 200u /* unpacked to packed; ordinary text reaches 20 */
#define ARCHIVE_RATIO_BOMB 50u /* of a file that is too large besides */
#define ARCHIVE_RATIO_FREE (4u << 20)
#define ARCHIVE_LIST_MAX 4096u

struct unpack {
    struct extract_job *j;
    const struct extract_blob *b;
    struct facts_attachment *a;
    struct archive *ar;
    uint64_t out; /* bytes unpacked */
    unsigned entries;
    bool locked; /* something in it asks for a password that was not found */
    bool opened; /* something in it was read with one that was */
    bool office;
    struct office o;
};

static void formats(struct archive *ar, struct str kind)
{
    archive_read_support_format_zip(ar);
    archive_read_support_format_7zip(ar);
    archive_read_support_format_rar(ar);
    archive_read_support_format_rar5(ar);
    archive_read_support_format_tar(ar);
    archive_read_support_format_cab(ar);
    archive_read_support_format_lha(ar);
    archive_read_support_format_iso9660(ar);
    archive_read_support_filter_gzip(ar);
    archive_read_support_filter_bzip2(ar);
    archive_read_support_filter_xz(ar);
    archive_read_support_filter_lzma(ar);
    archive_read_support_filter_zstd(ar);
    /* One packed file without a list of names. */
    if (str_eq(kind, STR("gzip")) || str_eq(kind, STR("bzip2")) || str_eq(kind, STR("xz")) || str_eq(kind, STR("zstd")))
        archive_read_support_format_raw(ar);
}

/* Reads the file at hand. 0 all of it, 1 not all (locked, damaged, or a limit). */
static int read_file(struct unpack *u, struct buf *out)
{
    const void *p;
    size_t n;
    la_int64_t off;
    for (;;) {
        int r = archive_read_data_block(u->ar, &p, &n, &off);
        if (r == ARCHIVE_EOF)
            return 0;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
            return 1;
        u->out += n;
        bool ratio = u->out > ARCHIVE_RATIO_FREE && u->out / ARCHIVE_RATIO_MAX > u->b->bytes.n;
        if (n > u->j->budget.bytes || ratio || !extract_time_left(u->j)) {
            extract_note(u->j, u->a, ATT_BOMB, STR("unpacks to more than is read"));
            return 1;
        }
        u->j->budget.bytes -= n;
        buf_add(out, p, n);
        if (out->err) {
            bool dense = u->out / ARCHIVE_RATIO_BOMB > u->b->bytes.n;
            extract_note(u->j, u->a, dense ? ATT_BOMB | ATT_UNREADABLE : ATT_UNREADABLE,
                         STR("a file in it is too large to be read"));
            return 1;
        }
    }
}

static bool packed(struct str kind)
{
    static const char *const kinds[] = {"zip", "rar", "7z",  "gzip", "bzip2", "xz",  "zstd",
                                        "cab", "tar", "iso", "lzh",  "arj",   "ace", "vhd"};
    for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
        if (str_eq(kind, str_c(kinds[i])))
            return true;
    return false;
}

static void inner_file(struct unpack *u, struct str name, struct str bytes, bool whole)
{
    struct facts_insight *in = &u->j->insight;
    struct extract_blob inner = {.bytes = bytes,
                                 .name = name,
                                 .path = u->a->name,
                                 .part = u->b->part,
                                 .flags = (u->b->flags & ~(uint32_t)(ATT_INLINE | ATT_NESTED)) | ATT_IN_ARCHIVE,
                                 .depth = u->b->depth + 1};
    if (packed(extract_sniff(bytes)))
        inner.flags |= ATT_NESTED;
    size_t row = in->n_attachments;
    extract_blob(u->j, &inner);
    if (row >= in->n_attachments)
        return;
    struct facts_attachment *a = &in->attachments[row];
    if (!whole)
        extract_note(u->j, a, u->locked ? ATT_ENCRYPTED : ATT_UNREADABLE, STR(""));
    /* What runs inside is what the person will start: the outer row says so too. */
    uint32_t up = a->flags & (ATT_PROGRAM | ATT_SHORTCUT | ATT_MACRO | ATT_DOUBLE_EXTENSION | ATT_DIRECTION |
                              ATT_DISK_IMAGE | ATT_BOMB | ATT_SMUGGLING);
    if (up)
        extract_note(u->j, u->a, up,
                     arena_printf(u->j->arena, "%.*s in %.*s", STRF(str_utf8_cut(name, 200)),
                                  STRF(str_utf8_cut(u->b->name, 200))));
    if (a->flags & ATT_NESTED)
        u->a->flags |= ATT_NESTED;
}

static struct str entry_name(struct unpack *u, struct archive_entry *e)
{
    const char *z = archive_entry_pathname_utf8(e);
    if (!z)
        z = archive_entry_pathname(e);
    struct str s = z ? extract_utf8_str(u->j, str_c(z), FACTS_NAME_MAX) : STR("");
    if (s.n == 0 ||
        str_eq(s, STR("data"))) { /* a packed file without a name: that of the archive, without its ending */
        ptrdiff_t dot = str_rchr(u->b->name, '.');
        return dot > 0 ? str_upto(u->b->name, (size_t)dot) : STR("data");
    }
    return s;
}

/* In a document: what runs, and pages that it takes in (altChunk). */
static bool does_not_belong(struct str name)
{
    static const char *const pages[] = {"htm", "html", "xhtml", "mht", "mhtml", "rtf", "eml"};
    char ending[16];
    struct str e = extract_extension(name, ending);
    for (size_t i = 0; i < N_ELEMENTS(pages); i++)
        if (str_eq(e, str_c(pages[i])))
            return true;
    return (extract_name_flags(name) & (ATT_PROGRAM | ATT_SHORTCUT | ATT_DISK_IMAGE | ATT_DIRECTION)) != 0;
}

static bool entry(struct unpack *u, struct archive_entry *e)
{
    struct str name = entry_name(u, e);
    if (u->entries++ >= ARCHIVE_ENTRIES_MAX || u->j->budget.entries == 0 || !extract_time_left(u->j)) {
        extract_note(u->j, u->a, ATT_BOMB, STR("more files inside than are read"));
        return false;
    }
    u->j->budget.entries--;
    if (archive_entry_filetype(e) == AE_IFDIR)
        return true;
    bool locked = archive_entry_is_data_encrypted(e) > 0 || archive_entry_is_metadata_encrypted(e) > 0;
    char ending[16];
    if (!u->office && !str_eq(extract_extension(u->b->name, ending), STR("zip"))) /* opened by what its name says */
        u->office = office_begins(name);
    if (u->office && !office_wants(name) && !does_not_belong(name)) {
        archive_read_data_skip(u->ar);
        office_name(&u->o, name);
        return true;
    }
    AUTO(buf) struct buf bytes;
    buf_init(&bytes, ARCHIVE_FILE_MAX);
    bool whole = read_file(u, &bytes) == 0;
    if (locked)
        u->a->flags |= ATT_ENCRYPTED;
    if (locked && !whole)
        u->locked = true;
    else if (locked)
        u->opened = true;
    if (u->a->flags & ATT_BOMB)
        return false;
    if (u->office && !does_not_belong(name))
        office_file(&u->o, name, buf_str(&bytes));
    else
        inner_file(u, name, buf_str(&bytes), whole);
    return true;
}

static struct archive *open_archive(struct unpack *u, struct str kind)
{
    struct archive *ar = archive_read_new();
    if (!ar)
        return NULL;
    formats(ar, kind);
    for (size_t i = 0; i < u->j->n_passwords; i++)
        archive_read_add_passphrase(ar, u->j->passwords[i]);
    if (archive_read_open_memory(ar, u->b->bytes.p, u->b->bytes.n) != ARCHIVE_OK) {
        archive_read_free(ar);
        return NULL;
    }
    return ar;
}

/* Flags of the headers that say "locked" in formats which libarchive cannot unlock. */
static bool header_locked(struct str kind, struct str b)
{
    if (str_eq(kind, STR("7z"))) /* the coder id of AES-256 in the list of coders */
        return str_find(b, str_n("\x06\xF1\x07\x01", 4), 0) >= 0;
    return false;
}

void extract_archive_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    struct unpack *u = arena_new(j->arena, struct unpack);
    struct archive_entry *e;
    int r = ARCHIVE_EOF;
    u->j = j;
    u->b = b;
    u->a = a;
    if (b->depth >= EXTRACT_BLOB_DEPTH_MAX) {
        extract_note(j, a, ATT_BOMB | ATT_NESTED, STR("archives in archives deeper than is read"));
        return;
    }
    office_init(&u->o, j, b, a);
    u->ar = open_archive(u, a->kind);
    while (u->ar && (r = archive_read_next_header(u->ar, &e)) >= ARCHIVE_WARN && r != ARCHIVE_EOF)
        if (!entry(u, e))
            break;
    if (header_locked(a->kind, b->bytes) || (u->ar && archive_read_has_encrypted_entries(u->ar) > 0))
        a->flags |= ATT_ENCRYPTED;
    if (!u->ar || (r < ARCHIVE_WARN && r != ARCHIVE_EOF)) {
        bool locked = (a->flags & ATT_ENCRYPTED) != 0;
        if (!locked)
            extract_note(j, a, ATT_UNREADABLE, STR("archive that cannot be read completely"));
    }
    if (u->opened && !u->locked && r == ARCHIVE_EOF && !(a->flags & (ATT_BOMB | ATT_UNREADABLE)))
        extract_note(j, a, ATT_ENCRYPTED | ATT_OPENED, STR("opened with a password that stands in the text"));
    else if (u->locked)
        extract_note(j, a, ATT_ENCRYPTED, STR("no password in the text opens it"));
    if (u->ar)
        archive_read_free(u->ar);
    if (u->office)
        office_end(&u->o);
    else
        office_free(&u->o);
}
