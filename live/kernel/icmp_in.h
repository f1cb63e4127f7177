/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * icmp_in.h - ICMP that the kernel has for us: echo replies, unreachables
 *
 * A raw socket bound to our own address gets a copy of each ICMP message to it
 * (raw(7)), beside what the kernel does with it; a filter leaves those that may
 * speak of an owner's life (core/steer/vigil.h): replies to our echoes, which
 * are sent by raw_sender.h, and errors about them. Checksums are verified.
 *
 * IPv4's has the IP header in front, IPv6's has not; take() gets neither.
 */
#ifndef LIVE_KERNEL_ICMP_IN_H
#define LIVE_KERNEL_ICMP_IN_H

#include <stddef.h>
#include <stdint.h>

#include "core/address.h"

struct icmp_in;

/* 0; -errno with a sentence. Needs CAP_NET_RAW. */
int icmp_in_open(struct icmp_in **, const struct address *self, char *error,
		 size_t error_size);
void icmp_in_close(struct icmp_in *); /* NULL: nothing */
int icmp_in_fd(const struct icmp_in *);
/* Take what has come, at most `most`; the bytes, from the ICMP header on, are
 * borrowed for the call. How many. */
uint32_t icmp_in_read(struct icmp_in *, uint32_t most,
		      void (*take)(void *, const struct address *from,
				   const uint8_t *bytes, size_t size),
		      void *);

#endif
