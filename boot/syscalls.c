/* SPDX-License-Identifier: MIT */
/*
 * What newlib asks of a system: output to the console, nothing else.
 *
 * There is no file system, and no _sbrk(): malloc() is the allocator's kmalloc() (malloc.c),
 * and whatever wants a heap of its own does not link.  Only what the C library pulls in is
 * linked; the names and types are newlib's ("The Red Hat newlib C Library", chapter
 * "Syscalls").  No state.
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "boot/console.h"
#include "boot/exception.h"
#include "boot/power.h"

int _write(int fd, const char *buf, int len);
int _read(int fd, char *buf, int len);
int _close(int fd);
int _fstat(int fd, struct stat *st);
int _isatty(int fd);
off_t _lseek(int fd, off_t off, int whence);
int _kill(int pid, int sig);
int _getpid(void);
void _exit(int status) __attribute__((noreturn));
void __assert_func(const char *file, int line, const char *func, const char *what)
	__attribute__((noreturn));

int _write(int fd, const char *buf, int len)
{
	(void)fd;
	console_write(buf, (unsigned)len);
	return len;
}

int _read(int fd, char *buf, int len)
{
	(void)fd;
	if (len <= 0)
		return 0;
	buf[0] = (char)console_getc_wait();
	return 1;
}

int _close(int fd)
{
	(void)fd;
	errno = EBADF;
	return -1;
}

int _fstat(int fd, struct stat *st)
{
	(void)fd;
	st->st_mode = S_IFCHR;
	return 0;
}

int _isatty(int fd)
{
	(void)fd;
	return 1;
}

off_t _lseek(int fd, off_t off, int whence)
{
	(void)fd;
	(void)off;
	(void)whence;
	errno = ESPIPE;
	return -1;
}

int _kill(int pid, int sig)
{
	(void)pid;
	(void)sig;
	errno = EINVAL;
	return -1;
}

int _getpid(void)
{
	return 1;
}

void _exit(int status)
{
	board_poweroff(status);
}

void __assert_func(const char *file, int line, const char *func, const char *what)
{
	panic("assertion %s in %s, %s:%d", what, func ? func : "?", file, line);
}
