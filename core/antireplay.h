/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * antireplay.h - each forwarded packet once: a window per sender and boot
 *
 *	       highest - 63 ........... highest
 *	too old |  one bit each: seen?  | new
 *
 * The window is that of RFC 4303, 3.4.3: a sequence above `highest` moves it,
 * one inside is accepted once, one below is refused.
 *
 * A sender that restarts begins its sequence anew. So that it is heard at
 * once, without a handshake, each stream of sequences carries a boot number of
 * 16 bits that no recent stream to the same peer had (core/steer/tunnel.h). An
 * unknown boot opens a new window at once. The windows of the last
 * ANTIREPLAY_BOOTS boots are kept, so that packets of the stream before, still
 * under way, are neither lost nor let through twice.
 *
 * What that costs: a host that recorded packets of a stream that is
 * ANTIREPLAY_BOOTS boots old may play them again, as long as the tag key that
 * they were made with is still accepted. They are TCP segments that the client
 * once sent, which the owner's TCP discards as old; rotating the tag key ends
 * it. And where a server cannot keep the count of its starts, its new boot
 * equals a remembered one with probability ANTIREPLAY_BOOTS / 65536; its
 * packets are then refused until its sequence passes the old one.
 */
#ifndef CORE_ANTIREPLAY_H
#define CORE_ANTIREPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define ANTIREPLAY_WINDOW 64
#define ANTIREPLAY_BOOTS  4

struct antireplay_window {
	uint64_t seen; /* bit i: highest - i */
	uint32_t highest;
	uint16_t boot;
};

/* All zero is empty. */
struct antireplay {
	struct antireplay_window
		windows[ANTIREPLAY_BOOTS]; /* latest boot first */
	uint32_t window_count;
};

/* True, once, for a packet not seen before. The tag has been verified: a
 * forged packet must not move a window. */
bool antireplay_accept(struct antireplay *, uint16_t boot, uint32_t sequence);

#endif
