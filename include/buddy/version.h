/* SPDX-License-Identifier: MIT */
/*
 * The version, here and nowhere else: make, pkg-config and CMake read it from this line.
 * The first number changes when a program has to change, the second when the interface
 * grows, the third with the rest.
 */
#ifndef BUDDY_VERSION_H
#define BUDDY_VERSION_H

#define BUDDY_VERSION "0.5.0"

#endif /* BUDDY_VERSION_H */
