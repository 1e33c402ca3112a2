/* SPDX-License-Identifier: MIT */
/*
 * The one step in C with the MMU off: coherence, second-level cache, first map.
 *
 * Memory is strongly ordered here (ARMv7-A ARM, "enabling and disabling the
 * MMU"): only aligned accesses, no exclusives, no printing.  What is learned is
 * kept in early_facts for the log.
 */
#include "boot/early.h"

#include <board.h>

#include "boot/boot.h"
#include "boot/errata.h"
#include "boot/mmu.h"
#include "drivers/io.h"
#include "drivers/pl310.h"
#include "drivers/scu.h"

struct early_facts early_facts;

/* What the chip wants set up before its second-level cache or a driver: address, value. */
#ifdef BOARD_EARLY_WRITES
#define EARLY_WRITE(addr, value) io_write32(addr, value);
#else
#define BOARD_EARLY_WRITES(X)
#endif

void early_init(const struct boot_args *args)
{
	(void)args;
	/*
	 * Case 44 and the MPCore TRM: the SCU on before any core says SMP,
	 * which is before any core has its data cache on (start.S).  The PL310
	 * before the first cacheable access: from here to the MMU there is none.
	 */
	early_facts.scu_erratum_ok = scu_init(BOARD_SCU_BASE, errata_need_764369());
	BOARD_EARLY_WRITES(EARLY_WRITE)
	early_facts.l2_on = pl310_init(BOARD_PL310_BASE, BOARD_PL310_TAG, BOARD_PL310_DATA);
	mmu_early_tables();
}
