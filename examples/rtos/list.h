/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own lists, in the names that every kernel has for them.  libbuddy's library
 * has its own list_add(), which nobody sees; of its headers only `struct list_head` would be
 * there twice, and so they are told that this one is to be taken.
 */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>

#define BUDDY_HAVE_LIST_HEAD
struct list_head {
	struct list_head *next, *prev;
};

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define min(a, b)			((a) < (b) ? (a) : (b))
#define max(a, b)			((a) > (b) ? (a) : (b))

void list_add(struct list_head *entry, struct list_head *head); /* behind head: the first */
void list_add_tail(struct list_head *entry, struct list_head *head);
void list_del(struct list_head *entry);

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

#define list_first(head, type, member) container_of((head)->next, type, member)
#define list_for_each(pos, head, type, member)                               \
	for (pos = list_first(head, type, member); &(pos)->member != (head); \
	     pos = container_of((pos)->member.next, type, member))

#endif /* LIST_H */
