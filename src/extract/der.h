#pragma once
/* Just enough BER (X.690) to find what a signed envelope holds: CMS SignedData (RFC 5652 5.1) around a file, as
 * .p7m. */
#include "core/buf.h"

#define DER_DEPTH_MAX 16u
/* The encapsulated content, put together from its pieces when the envelope is in BER. false: none, or broken. */
bool der_signed_content(struct str der, struct buf *out);
