/* SPDX-License-Identifier: MIT */
/* What a user's CONFIG_FILE looks like; for the tests of tests/lib. */
#ifndef MY_CONFIG_H
#define MY_CONFIG_H

#define BUDDY_MAX_ORDER 8
#define BUDDY_MAX_NODES 1
#define BUDDY_PCP_SLOTS 16

#endif /* MY_CONFIG_H */
