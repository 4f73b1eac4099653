#include "core/date.h"

#include <stdio.h>

#define DAY_MS 86400000
#define ERA_DAYS 146097 /* 400 years */

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* Days since 1970 of a civil date and back: years begin in March, so that the leap day is the last of its year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year += floor_div(month - 1, 12);
    month = month - 1 - floor_div(month - 1, 12) * 12 + 1;
    if (month <= 2)
        year--;
    int64_t era = floor_div(year, 400);
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void date_from_ms(int64_t wall_ms, struct date *d)
{
    int64_t days = floor_div(wall_ms, DAY_MS);
    int64_t ms = wall_ms - days * DAY_MS;
    int64_t since = days + 719468; /* since 0000-03-01 */
    int64_t era = floor_div(since, ERA_DAYS);
    int64_t doe = since - era * ERA_DAYS;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    d->day = (int)(doy - (153 * mp + 2) / 5 + 1);
    d->month = (int)(mp < 10 ? mp + 3 : mp - 9);
    d->year = (int)(yoe + era * 400 + (d->month <= 2));
    d->hour = (int)(ms / 3600000);
    d->minute = (int)(ms / 60000 % 60);
    d->second = (int)(ms / 1000 % 60);
    d->milli = (int)(ms % 1000);
    d->weekday = (int)((days % 7 + 11) % 7);
}

int64_t date_to_ms(const struct date *d)
{
    int64_t days = days_of(d->year, d->month, d->day);
    return ((days * 24 + d->hour) * 60 + d->minute) * 60000 + (int64_t)d->second * 1000 + d->milli;
}

struct str date_text(int64_t wall_ms, bool with_milli, char out[DATE_TEXT_MAX])
{
    struct date d;
    /* Years outside 0..9999 have no form in RFC 3339. */
    if (wall_ms < -62167219200000)
        wall_ms = -62167219200000;
    if (wall_ms > 253402300799999)
        wall_ms = 253402300799999;
    date_from_ms(wall_ms, &d);
    int n = snprintf(out, DATE_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", d.year % 10000, d.month % 100, d.day % 100,
                     d.hour % 100, d.minute % 100, d.second % 100);
    if (with_milli)
        n += snprintf(out + n, DATE_TEXT_MAX - (size_t)n, ".%03d", d.milli % 1000);
    out[n] = 'Z';
    out[n + 1] = 0;
    return (struct str){out, (size_t)n + 1};
}
