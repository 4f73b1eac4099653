#pragma once
/* The readers of attachments: each gets the bytes and the row to fill. None trusts a length, all take from the
 * budget. */
#include "extract/job.h"

#define EXTRACT_BLOB_DEPTH_MAX 4u /* containers around a file */

typedef void extract_reader_fn(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a);
extract_reader_fn extract_plain_file;
extract_reader_fn extract_html_file;
extract_reader_fn extract_image_file;
extract_reader_fn extract_pdf_file;
extract_reader_fn extract_xml_file;
extract_reader_fn extract_signed_file;
extract_reader_fn extract_calendar_file;
extract_reader_fn extract_mail_file;
extract_reader_fn extract_archive_file;
extract_reader_fn extract_ole_file;
extract_reader_fn extract_rtf_file;
extract_reader_fn extract_onenote_file;
extract_reader_fn extract_tnef_file;
/* pdf.c: loads what poppler reads from files, before the process seals itself. */
bool extract_pdf_open(struct extract_ctx *c);
void extract_pdf_close(struct extract_ctx *c);
/* nested.c: author and subject of an attached message. */
void extract_head(struct extract_job *j, const struct mime_identity *id, struct facts_attachment *a);
/* codepage.c: label of a charset that Windows gives this number; empty for 0. */
struct str extract_codepage(struct extract_job *j, uint32_t page);
/* uuencode.c: files written into a text part. */
void extract_uuencoded(struct extract_job *j, uint32_t part, struct str text);
/* password.c: gathers the words beside "password". */
void extract_passwords(struct extract_job *j, struct str text);
/* invoice_words.c: sets ATT_INVOICE and number when the text says so. */
void extract_invoice_words(struct extract_job *j, struct str text, struct facts_attachment *a);
