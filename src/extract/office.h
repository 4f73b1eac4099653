#pragma once
/* Documents that are archives of XML: Office Open XML (ECMA-376) and OpenDocument (ISO 26300). Fed file by file. */
#include "extract/job.h"

struct office {
    struct extract_job *j;
    const struct extract_blob *b;
    struct facts_attachment *a;
    struct buf text;
    bool word, sheet, slides, open_document, macro, dde, template_remote, embedded, locked;
};
void office_init(struct office *o, struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a);
bool office_begins(struct str name); /* is it the first file of such a document? */
bool office_wants(struct str name);  /* must its bytes be read? */
void office_name(struct office *o, struct str name);
void office_file(struct office *o, struct str name, struct str bytes);
void office_end(struct office *o); /* sets the row, reports text; frees */
void office_free(struct office *o);
