/* SPDX-License-Identifier: MIT */
/*
 * What every Cortex-A9 MPCore has in its private region, from the BOARD_PERIPHBASE on that
 * the board has just defined.
 *
 * Source: Cortex-A9 MPCore TRM (DDI0407), "private memory region".  PERIPHBASE itself is
 * wired by the chip's maker and can be read from CBAR (cp15, c15, c0, 4), which is
 * compared at start-up: bits 31:13 are the base, the others some makers use.
 */
#ifndef BOARDS_A9MPCORE_H
#define BOARDS_A9MPCORE_H

#define BOARD_SCU_BASE	  (BOARD_PERIPHBASE + 0x0000)
#define BOARD_GICC_BASE	  (BOARD_PERIPHBASE + 0x0100)
#define BOARD_GTIMER_BASE (BOARD_PERIPHBASE + 0x0200)
#define BOARD_PTIMER_BASE (BOARD_PERIPHBASE + 0x0600)
#define BOARD_GICD_BASE	  (BOARD_PERIPHBASE + 0x1000)

#endif /* BOARDS_A9MPCORE_H */
