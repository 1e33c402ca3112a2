/* SPDX-License-Identifier: MIT */
/* What the host port's files say to each other. */
#ifndef PORT_HOST_HOST_PRIV_H
#define PORT_HOST_HOST_PRIV_H

#include <stdint.h>

/* Memory of host_map_phys() can be mapped a second time from now on. */
void host_alias_phys(void);
/* The file that RAM there is, by physical address; host_fault() if it cannot be aliased. */
int host_phys_file(uint64_t phys);
/* Nothing is mapped in the window any more. */
void host_vmap_reset(void);

#endif /* PORT_HOST_HOST_PRIV_H */
