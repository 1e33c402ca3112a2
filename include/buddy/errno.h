/* SPDX-License-Identifier: MIT */
/*
 * The error numbers that the library returns (negated), with Linux's values,
 * which are newlib's too.  <errno.h> belongs to a hosted C library; where a
 * program includes both, the definitions agree.
 */
#ifndef BUDDY_ERRNO_H
#define BUDDY_ERRNO_H

#ifndef EPERM
#define EPERM 1 /* not allowed, now or for this caller */
#endif
#ifndef ENOENT
#define ENOENT 2 /* there is no such thing */
#endif
#ifndef EIO
#define EIO 5 /* a device could not read or write it */
#endif
#ifndef EAGAIN
#define EAGAIN 11 /* not now; a little later it may work */
#endif
#ifndef ENOMEM
#define ENOMEM 12 /* no memory for it */
#endif
#ifndef EBUSY
#define EBUSY 16 /* in use, by somebody who cannot be made to give it up now */
#endif
#ifndef EINVAL
#define EINVAL 22 /* an argument, or what it points to, is wrong */
#endif

#endif /* BUDDY_ERRNO_H */
