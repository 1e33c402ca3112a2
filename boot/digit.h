/* SPDX-License-Identifier: MIT */
/*
 * The value of a digit, for those who read numbers out of text: boot arguments
 * and the monitor's flags.
 */
#ifndef BOOT_DIGIT_H
#define BOOT_DIGIT_H

/* 0 to 15; 16, which no base takes, for any other character. */
static inline int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

#endif /* BOOT_DIGIT_H */
