#pragma once
/* Civil dates of the proleptic Gregorian calendar in UTC, without libc's time zone state. Pure. */
#include "core/str.h"

struct date {
    int year, month, day;            /* month and day from 1 */
    int hour, minute, second, milli; /* leap seconds do not exist here */
    int weekday;                     /* 0 = Sunday */
};
#define DATE_TEXT_MAX 32u

void date_from_ms(int64_t wall_ms, struct date *d);
/* Fields out of their range are carried over (month 13 is January of the next year). */
int64_t date_to_ms(const struct date *d);
/* RFC 3339 "2026-11-21T18:00:00Z", with_milli adds ".123". Returns a view of out. */
struct str date_text(int64_t wall_ms, bool with_milli, char out[DATE_TEXT_MAX]);
