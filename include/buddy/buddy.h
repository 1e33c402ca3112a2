/* SPDX-License-Identifier: MIT */
/* All of the public interface; each header is the manual of its part. */
#ifndef BUDDY_BUDDY_H
#define BUDDY_BUDDY_H

#include <buddy/check.h>
#include <buddy/config.h>
#include <buddy/gfp.h>
#include <buddy/init.h>
#include <buddy/mm.h>
#include <buddy/mm_types.h>
#include <buddy/port_selftest.h>
#include <buddy/version.h>
#include <buddy/vmstat.h>

#if !BUDDY_TINY
#include <buddy/alloc_scope.h>
#include <buddy/compaction.h>
#include <buddy/contig.h>
#include <buddy/debug.h>
#include <buddy/dma.h>
#include <buddy/filemap.h>
#include <buddy/highmem.h>
#include <buddy/memblock.h>
#include <buddy/migrate.h>
#include <buddy/oom.h>
#include <buddy/reclaim.h>
#include <buddy/slab.h>
#include <buddy/vmalloc.h>
#endif

#endif /* BUDDY_BUDDY_H */
