/* SPDX-License-Identifier: MIT */
/*
 * Off, again, and the status that is left behind.
 *
 * Where QEMU or a debugger offers semihosting the status becomes the exit
 * status of the emulator.  The image cannot find out whether it does (off a
 * debugger the call is an SVC that nobody answers), so it has to be told, by the
 * bootarg `semihosting`; `make run` does.  Without it the board turns itself
 * off, and what the status was is on the console.
 */
#ifndef BOOT_POWER_H
#define BOOT_POWER_H

/* bootargs are known: semihosting or not. */
void power_init(void);

/* Ends the run; 0 is success.  Any context, any core. */
_Noreturn void board_poweroff(int status);

/* Starts the board again. */
_Noreturn void board_reboot(void);

/*
 * After a fatal error, which has been printed: ends the run with a status where
 * there is somebody to tell, else stops this core for ever and leaves the board
 * on, so that the message stays and a debugger can be attached.
 */
_Noreturn void board_fail(int status);

#endif /* BOOT_POWER_H */
