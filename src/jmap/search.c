/* The open indexes of this process: one a cell, opened again now and then, because the jobs role may have made the file anew. */
#include "core/map.h"
#include "jmap/filter.h"

#include <pthread.h>
#include <stdlib.h>

#define SEARCH_AGAIN_MS 60000
#define SEARCH_MISSING_MS 1000 /* how long "there is none yet" is believed */

struct open_search {
    struct search *search;
    struct cell *cell;
    int64_t opened_ms;
    int users;
    bool old; /* closed by its last user */
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct open_search *list[64];
static size_t n_list;

static void drop(size_t i)
{
    struct open_search *o = list[i];
    list[i] = list[--n_list];
    search_close(&o->search);
    free(o);
}

static struct open_search *find(struct cell *cell, int64_t now)
{
    for (size_t i = n_list; i-- > 0;) {
        struct open_search *o = list[i];
        int64_t keep = o->search ? SEARCH_AGAIN_MS : SEARCH_MISSING_MS;
        if (o->cell == cell && now - o->opened_ms > keep)
            o->old = true;
        if (o->old && o->users == 0)
            drop(i);
        else if (o->cell == cell && !o->old)
            return o;
    }
    return NULL;
}

struct search_use *jmap_search_take(struct jmap_call *c, struct search **out)
{
    int64_t now = env_mono_ms(c->t->env);
    *out = NULL;
    pthread_mutex_lock(&lock);
    struct open_search *o = find(c->t->cell, now);
    if (!o && n_list < N_ELEMENTS(list) && (o = calloc(1, sizeof *o)) != NULL) {
        o->cell = c->t->cell;
        o->opened_ms = now;
        if (search_open(&o->search, c->t->cell, false, NULL) != 0)
            o->search = NULL;
        list[n_list++] = o;
    }
    if (o) {
        o->users++;
        *out = o->search;
    }
    pthread_mutex_unlock(&lock);
    return (struct search_use *)o;
}

void jmap_search_give(struct search_use *use)
{
    struct open_search *o = (struct open_search *)use;
    if (!o)
        return;
    pthread_mutex_lock(&lock);
    o->users--;
    pthread_mutex_unlock(&lock);
}

/* When no reader is left. */
void jmap_search_close(void)
{
    pthread_mutex_lock(&lock);
    while (n_list)
        drop(n_list - 1);
    pthread_mutex_unlock(&lock);
}
