#include "store/state_cells.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* The folders are asked, not the directory: it may be what is broken. */
int state_cells(const struct store_conf *conf, int64_t **ids, size_t *n, struct err *e)
{
    char path[4200];
    uint64_t id;
    DIR *d;

    (void)snprintf(path, sizeof path, "%s/cells", conf->state);
    if (!(d = opendir(path)))
        return err_set(e, err_from_errno(errno), "%s holds no cells: %m. Name the folder that `sigillo init` made.",
                       conf->state);
    for (struct dirent *it; (it = readdir(d));)
        if (str_u64(str_c(it->d_name), &id) && id > 0 && id < INT64_MAX) {
            int64_t *p = realloc(*ids, (*n + 1) * sizeof *p);

            if (!p)
                break;
            *ids = p;
            (*ids)[(*n)++] = (int64_t)id;
        }
    (void)closedir(d);
    if (*n)
        qsort(*ids, *n, sizeof **ids, by_number);
    return 0;
}
