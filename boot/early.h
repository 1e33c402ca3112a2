/* SPDX-License-Identifier: MIT */
/* early.c: what the first steps found, for the boot log. */
#ifndef BOOT_EARLY_H
#define BOOT_EARLY_H

#include <stdbool.h>

struct early_facts {
	int scu_erratum_ok; /* the SCU's bit for erratum 764369 stuck */
	int l2_on;	    /* the PL310 answers and is on */
};

/* Written by early_init() alone. */
extern struct early_facts early_facts;

#endif /* BOOT_EARLY_H */
