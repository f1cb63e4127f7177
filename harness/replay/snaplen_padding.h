/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * snaplen_padding.h - packets that the snapshot length cut, filled with zeros
 *
 *	captured	| IP | TCP | first bytes |
 *	made whole	| IP | TCP | first bytes | 0 0 0 ... 0 |
 *
 * Many captures keep headers and leave payload out (tcpdump -s 96). Their
 * sessions are all there; only what was said is not. A packet whose IP and
 * TCP headers were captured in full is replayed with zeros for the rest, and
 * with the TCP checksum that then is right, so that no router or server can
 * tell. What was not captured cannot be compared: the zeros are counted as
 * "filled", not as bytes of the capture.
 *
 * Not every short packet is one: when the capture itself says that no byte is
 * missing, the packet was broken on the wire and stays DROP_SHORT.
 */
#ifndef HARNESS_REPLAY_SNAPLEN_PADDING_H
#define HARNESS_REPLAY_SNAPLEN_PADDING_H

#include <stddef.h>
#include <stdint.h>

#include "core/wire/packet.h"
#include "harness/replay/capture.h"

#define SNAPLEN_PADDING_BYTES_MAX 65535

/* out: SNAPLEN_PADDING_BYTES_MAX. The size of the whole packet, or 0: it is not
 * a TCP packet that was cut behind its headers. */
uint32_t snaplen_padding_fill(const struct capture_packet *, uint8_t *out);

#endif
