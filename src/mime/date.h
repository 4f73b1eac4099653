#pragma once
/* Dates of mail (RFC 5322 3.3, obsolete forms of 4.3, and what broken senders write) to and from milliseconds since
 * 1970 UTC. */
#include "core/buf.h"

#define MIME_DATE_TEXT_MAX 40u

/* Day and month in either order, with or without day name, seconds, zone and comments; two- and three-digit years; zone
 * names of RFC 822 and the common others; ISO 8601 too. false when there is no day, month and year, or no such date.
 * zone_minutes (may be NULL): east of UTC; 0 when the zone is missing or unknown ("-0000"). Unset on false. */
bool mime_date_parse(struct str value, int64_t *wall_ms, int *zone_minutes) MUST_USE;
/* "Sat, 21 Nov 2026 18:00:00 +0100"; years 0-9999, milliseconds are cut. Returns a view of out. */
struct str mime_date_text(int64_t wall_ms, int zone_minutes, char out[MIME_DATE_TEXT_MAX]);
