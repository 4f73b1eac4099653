#include "core/attr.h"

#include <stdlib.h>
#include <unistd.h>

void auto_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void auto_heap(void *pp)
{
    void **p = pp;
    free(*p);
    *p = NULL;
}
