/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rst_sniffer.h - the RSTs that a client receives, seen on its interface
 *
 *	client1 --- "edge1" <-- RST		counted
 *		            --> RST		its own: not counted
 *
 * That a session saw no RST, a program without an error only believes; here it
 * is proved. libpcap in the client's network namespace, with a filter in the
 * kernel, so that whatever the session's rate nothing is lost.
 */
#ifndef HARNESS_TEST_RST_SNIFFER_H
#define HARNESS_TEST_RST_SNIFFER_H

#include <stddef.h>
#include <stdint.h>

#include "harness/lab/lab.h"

struct rst_sniffer;

/* At the first interface of client number `client`. NULL with a sentence. */
struct rst_sniffer *rst_sniffer_open(const struct lab *, uint32_t client,
				     char *error, size_t error_size);
/* RSTs that have come since rst_sniffer_open() to this port of the client; 0:
 * to any. */
uint32_t rst_sniffer_resets(struct rst_sniffer *, uint16_t port);
void rst_sniffer_close(struct rst_sniffer *); /* NULL: nothing */

#endif
