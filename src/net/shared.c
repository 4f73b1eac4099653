#include "net/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct shared_head {
    uint32_t ready;
    pthread_mutex_t lock;
    uint64_t seed[2];
    char memory[] __attribute__((aligned(16)));
};
struct net_shared {
    struct shared_head *head;
    size_t size;
};

size_t net_shared_size(size_t bytes) { return sizeof(struct shared_head) + bytes; }

/* The first process makes the mutex and the seed; the record lock on the file ends with whoever holds it. */
static int begin(struct shared_head *h, int fd, const struct env *env)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_SETLKW, &whole) != 0)
        return ERR_SYS;
    if (!h->ready) {
        pthread_mutexattr_t a;
        pthread_mutexattr_init(&a);
        pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&h->lock, &a);
        pthread_mutexattr_destroy(&a);
        env_random(env, h->seed, sizeof h->seed);
        h->ready = 1;
    }
    whole.l_type = F_UNLCK;
    return fcntl(fd, F_SETLK, &whole) == 0 ? 0 : ERR_SYS;
}

int net_shared_open(struct net_shared **out, int fd, size_t bytes, const struct env *env)
{
    return net_shared_part(out, fd, 0, bytes, env);
}

int net_shared_part(struct net_shared **out, int fd, size_t from, size_t bytes, const struct env *env)
{
    struct stat st;
    size_t size = net_shared_size(bytes);
    *out = NULL;
    if (fstat(fd, &st) != 0 || (size_t)st.st_size < from + size)
        return ERR_INVALID;
    struct shared_head *h = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)from);
    if (h == MAP_FAILED)
        return ERR_SYS;
    struct net_shared *s = begin(h, fd, env) == 0 ? calloc(1, sizeof *s) : NULL;
    if (!s) {
        munmap(h, size);
        return ERR_SYS;
    }
    *s = (struct net_shared){h, size};
    *out = s;
    return 0;
}

void net_shared_close(struct net_shared **sp)
{
    struct net_shared *s = *sp;
    *sp = NULL;
    if (!s)
        return;
    munmap(s->head, s->size);
    free(s);
}

void *net_shared_memory(struct net_shared *s) { return s->head->memory; }

void net_shared_seed(const struct net_shared *s, uint64_t seed[2])
{
    memcpy(seed, s->head->seed, sizeof s->head->seed);
}

void net_shared_lock(struct net_shared *s)
{
    if (pthread_mutex_lock(&s->head->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&s->head->lock); /* users leave each piece fit to be read after every write */
}

void net_shared_unlock(struct net_shared *s) { pthread_mutex_unlock(&s->head->lock); }
