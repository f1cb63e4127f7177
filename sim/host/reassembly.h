/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reassembly.h - fragments made whole again, for all hosts of a world
 *
 * A forwarded packet that does not fit is fragmented outside (steer's
 * outer_fragment), so owners reassemble. One bounded pool serves the world: a
 * datagram that would need one more place takes that of the one longest
 * unheard, and one that is not complete after REASSEMBLY_NS is forgotten when
 * its place is wanted or another fragment of it comes.
 *
 * Overlapping fragments are refused (RFC 5722, for IPv4 as well); IPv6 only as
 * hosts make it: the fragment header straight after the fixed one.
 * RFC 791, RFC 8200 section 4.5.
 */
#ifndef SIM_HOST_REASSEMBLY_H
#define SIM_HOST_REASSEMBLY_H

#include <stdint.h>

#include "core/instant.h"
#include "core/wire/packet.h"

#define REASSEMBLY_NS	 (30 * NS_PER_S)
#define REASSEMBLY_BYTES 65535

struct reassembly;

struct reassembly *reassembly_create(uint32_t datagrams);
void reassembly_destroy(struct reassembly *);
/* The whole packet once this fragment (packet: from packet_parse) completes
 * it, valid until the next call; else NULL. */
const uint8_t *reassembly_add(struct reassembly *, struct instant now,
			      uint32_t device, const uint8_t *bytes,
			      const struct packet *, uint32_t *size);

#endif
