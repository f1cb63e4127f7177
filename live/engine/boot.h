/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * boot.h - the number of this start, above those of all starts before
 *
 * Peers tell what a server says now from what it said before it restarted, and
 * from what somebody recorded then, by its boot id: it only grows (seal.h).
 * The wall clock makes it, in units of 2^-32 seconds as NTP counts them
 * (RFC 5905, section 6); and since a clock may have been set back, or a machine
 * without one begin in 1970, the last id is kept in a file:
 *
 *	id = max(clock, last + 1)
 *
 *	homeward boot 1 0123456789abcdef 00000007 fedcba9876543210\n
 *			id		 starts	  check
 *
 * A file that cannot be read or written, is damaged, or was left on another
 * disk is said and takes nothing away: the clock alone makes the id, and a peer
 * that knows a later one says so (seal.h), whereupon boot_raise() goes beyond.
 *
 * The file also counts the starts, for numbers of which there are fewer (the
 * boots of encapsulated packets, core/steer/tunnel.h). Without it the count is
 * a random number.
 */
#ifndef LIVE_ENGINE_BOOT_H
#define LIVE_ENGINE_BOOT_H

#include <stddef.h>
#include <stdint.h>

struct boot {
	uint64_t id; /* never 0 */
	uint32_t starts; /* before this one */
	int fd; /* -1: in memory only */
};

/* What the wall clock makes of this moment. */
uint64_t boot_clock(void);
/* Begin. path: the file, made with mode 0600 if there is none, which must be a
 * regular file of ours or root's that no other user may write; NULL: memory
 * only. The descriptor stays open, so that privileges may be dropped. 0; else
 * -errno with a sentence in error[], and *boot is good all the same. */
int boot_begin(struct boot *, const char *path, uint64_t clock, char *error,
	       size_t error_size);
/* A peer knows that id of ours: have a higher one, and keep it. 0 or -errno: it
 * could not be kept. */
int boot_raise(struct boot *, uint64_t known, uint64_t clock);
void boot_end(struct boot *);

#endif
