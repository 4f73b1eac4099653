#pragma once
/* The readers of attachments: each gets the bytes and the row to fill. None trusts a length, all take from the budget. */
#include "extract/job.h"

#define EXTRACT_BLOB_DEPTH_MAX 4u /* containers around a file */

typedef void extract_reader_fn(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a);
extract_reader_fn extract_plain_file;
extract_reader_fn extract_html_file;
