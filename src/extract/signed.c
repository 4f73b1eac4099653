/* .p7m: a file inside a signature, in DER, in BER, or that in base64. */
#include "extract/blob.h"
#include "extract/der.h"
#include "mime/word.h"

#define SIGNED_MAX (32u << 20)

static bool signed_has(struct str s, const char *word) { return str_ifind(s, str_c(word), 0) >= 0; }

void extract_signed_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    AUTO(buf) struct buf der, content;
    struct str bytes = b->bytes;
    buf_init(&der, SIGNED_MAX);
    buf_init(&content, SIGNED_MAX);
    j->insight.flags |= FACTS_SIGNED;
    if (bytes.n && bytes.p[0] != 0x30) {
        ptrdiff_t line = str_starts(bytes, STR("-----")) ? str_chr(bytes, '\n', 0) : -1;
        mime_base64_decode(str_from(bytes, line < 0 ? 0 : (size_t)line + 1), &der);
        bytes = buf_str(&der);
    }
    if (!der_signed_content(bytes, &content)) {
        bool apart = signed_has(b->subtype, "signature") || signed_has(b->name, ".p7s");
        if (apart) /* a signature over something else in the message */
            return;
        if (str_find(str_upto(bytes, 24), str_n("\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03", 9), 0) > 0) {
            j->insight.flags |= FACTS_ENCRYPTED;
            a->flags |= ATT_ENCRYPTED;
            return;
        }
        extract_note(j, a, ATT_UNREADABLE, STR("signed envelope without readable content"));
        return;
    }
    struct str name = b->name;
    if (name.n > 4 &&
        (str_ieq(str_from(name, name.n - 4), STR(".p7m")) || str_ieq(str_from(name, name.n - 4), STR(".p7s"))))
        name.n -= 4;
    if (j->budget.bytes < content.n) {
        extract_note(j, a, ATT_BOMB, STR("more bytes inside than are read"));
        return;
    }
    j->budget.bytes -= content.n;
    struct extract_blob inner = {.bytes = buf_str(&content),
                                 .name = name,
                                 .path = b->path,
                                 .part = b->part,
                                 .flags = b->flags | ATT_IN_ARCHIVE,
                                 .depth = b->depth + 1};
    extract_blob(j, &inner);
}
