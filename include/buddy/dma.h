/* SPDX-License-Identifier: MIT */
/*
 * Memory for devices that do not look into the caches.
 *
 * Coherent: allocated once, mapped without caches, used by both sides at any time
 * (descriptor rings).  Streaming: ordinary memory, handed to the device and back
 * by calls that clean and invalidate (buffers).  The port does both
 * (port_map_pages(), port_cache_*()).
 *
 * Rules of streaming, which the A9 does not forgive (its caches fetch speculatively):
 * between map and unmap (or sync) the CPU does not touch the buffer; a buffer shares no
 * cache line with anything else (dma_alloc_*() and kernels of whole lines see to it; an
 * unaligned edge is cleaned, not lost, but what the device writes there may be).
 *
 * dma_addr_t is the physical address: no IOMMU, no offset.
 * Follows Linux's include/linux/dma-mapping.h (6.1), without a device.
 */
#ifndef BUDDY_DMA_H
#define BUDDY_DMA_H

#include <stddef.h>

#include <buddy/gfp.h>
#include <buddy/memblock.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef phys_addr_t dma_addr_t;

enum dma_data_direction { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE };

/*
 * size bytes (rounded up to pages), contiguous, zeroed, mapped without caches; the
 * address for the CPU, and *handle for the device.  From the default CMA area if there is
 * one and gfp may wait, else from the zones that gfp allows (__GFP_DMA, ...; __GFP_HIGHMEM is
 * ignored).  NULL: no memory, or the port cannot map it so
 * (a line says which).  Context: as alloc_pages() with gfp.
 */
void *dma_alloc_coherent(size_t size, dma_addr_t *handle, gfp_t gfp);

/* Gives it back; size as it was asked for.  Context: task; interrupts on. */
void dma_free_coherent(size_t size, void *addr, dma_addr_t handle);

/*
 * Between writing to coherent memory and telling the device (a store to its register): no
 * cache holds the data back, but buffers may.  Any context.
 */
void dma_wmb(void);

/*
 * Hands a buffer in the permanent mapping over to a device, and takes it back.
 * Any context; cost: an operation per cache line.
 */
dma_addr_t dma_map_single(void *addr, size_t size, enum dma_data_direction dir);
void dma_unmap_single(dma_addr_t handle, size_t size, enum dma_data_direction dir);

/* The same while it stays mapped. */
void dma_sync_single_for_device(dma_addr_t handle, size_t size, enum dma_data_direction dir);
void dma_sync_single_for_cpu(dma_addr_t handle, size_t size, enum dma_data_direction dir);

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_DMA_H */
