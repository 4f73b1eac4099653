#pragma once
/* Intrusive doubly linked list. LIST_ITEM gives the struct that holds the node (not LIST_ENTRY: libevent and sys/queue.h own that name). */
#include "core/attr.h"

struct list {
    struct list *next, *prev;
};
static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_empty(const struct list *l) { return l->next == l; }
static inline void list_add(struct list *l, struct list *node) /* at the end */
{
    node->prev = l->prev;
    node->next = l;
    l->prev->next = node;
    l->prev = node;
}
static inline void list_del(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = node->prev = node;
}
#define LIST_ITEM(node, T, member) ((T *)(void *)((char *)(node)-offsetof(T, member)))
#define LIST_EACH(it, l) for (struct list *it = (l)->next; it != (l); it = it->next)
#define LIST_EACH_SAFE(it, l) \
    for (struct list *it = (l)->next, *it##_n = it->next; it != (l); it = it##_n, it##_n = it->next)
