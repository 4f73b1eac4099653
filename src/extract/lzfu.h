#pragma once
/* RTF as Outlook packs it into messages ([MS-OXRTFCP]). */
#include "core/buf.h"

/* Appends what it unpacks to; false when packed is not of that form or ends early: what came before is there. Stops at
 * the bound of out. */
bool lzfu_unpack(struct str packed, struct buf *out);
