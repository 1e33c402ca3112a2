/* SPDX-License-Identifier: MIT */
/*
 * Memory without a permanent mapping, and how to reach it.
 *
 * RAM from mm_limits.highmem_start on has descriptors and no address:
 * page_address() of its pages is NULL.  kmap_local_page() maps one page for as long as
 * this context needs it.
 *
 * Mappings nest and are undone in reverse order; a context has KMAP_LOCAL_MAX of them at
 * once at most (the image's port; beyond: port_panic()).  The address is good on this CPU
 * only: no migration to another one between map and unmap, unless the port says
 * otherwise.
 *
 * Context: any; an interrupt handler undoes its mappings before it returns.
 * Follows Linux's kmap_local_page() (5.11).
 */
#ifndef BUDDY_HIGHMEM_H
#define BUDDY_HIGHMEM_H

#include <stddef.h>

#include <buddy/mm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The page has no permanent mapping. */
bool PageHighMem(const struct page *page);

/* Its address: the permanent one, or a temporary one. */
void *kmap_local_page(const struct page *page);

/* addr: anywhere in what kmap_local_page() returned.  Nothing for a permanent address. */
void kunmap_local(const void *addr);

/* Copies a page to another one, of any kind each. */
void copy_highpage(struct page *to, struct page *from);

/*
 * Zeroes a page of any kind; copies bytes to and from one.  offset + len is at most
 * PAGE_SIZE.
 */
void clear_highpage(struct page *page);
void memcpy_to_page(struct page *page, size_t offset, const void *from, size_t len);
void memcpy_from_page(void *to, struct page *page, size_t offset, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_HIGHMEM_H */
