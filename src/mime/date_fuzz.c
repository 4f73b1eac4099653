#include "mime/date.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What was read is written and read back the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char text[MIME_DATE_TEXT_MAX];
    int64_t ms, again;
    int zone, zone_again;
    if (!mime_date_parse(str_n(data, n), &ms, &zone))
        return 0;
    struct str s = mime_date_text(ms, zone, text);
    /* The zone may carry a date over the edges of the years that are read. */
    if (mime_date_parse(s, &again, &zone_again) && (again != ms || zone_again != zone))
        abort();
    return 0;
}
