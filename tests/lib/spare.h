/* SPDX-License-Identifier: MIT */
/* A header that a port of one's own includes; for the tests of tests/lib. */
#define SPARE 1
