#pragma once
/* Outlook messages in compound files. */
#include "extract/blob.h"
#include "extract/cfb.h"

#define MSG_PROPERTIES "__properties_version1.0" /* the stream that every message and attachment in it has */

/* The message that c is: its texts go where those of attachments go, its attachments become rows beside a. */
void msg_read(struct extract_job *j, const struct cfb *c, const struct extract_blob *b, struct facts_attachment *a);
