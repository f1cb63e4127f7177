/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tunnel.h - packets inside packets: GUE between the servers
 *
 *	outer IP | UDP, to the GUE port | GUE 4 | private 16 | inner IP packet
 *
 * The private data (wire/gue.h) are hop count, key id, boot, sequence and a
 * tag: SipHash-2-4 under a key that all servers share, over the outer
 * addresses, those fields and the inner packet's first 64 bytes. A host
 * without the key can therefore neither hand a packet to a server's sockets,
 * nor send a server's packet to another server, nor send it again
 * (antireplay.h). What lies behind the first 64 bytes is as safe as TCP's own
 * checksum, as it was before it came here.
 *
 * A stream of sequences has a boot number, by which a peer tells it from those
 * before; it keeps windows of the last four. So no two streams to one peer may
 * have the same number soon after each other: all streams of one start have the
 * same one, until a peer is forgotten or has used up its sequences, whereupon
 * the number is one higher for those that begin from then on; and each start of
 * the server begins TUNNEL_BOOTS_A_START above the one before. Of its 65,536
 * values one comes again after a thousand starts.
 *
 * Of each peer, by address, the tunnel knows the sequence we send with, the
 * windows we receive by and its path MTU. Full: the peer longest unused is
 * forgotten. The next packet to it begins a stream under a new boot number, the
 * next one from it meets empty windows, and its path MTU is the uplinks'.
 *
 * An ICMP error about the tunnel is believed when it quotes what we sent
 * lately: a sequence of the peer's stream, and its tag, if the quote is long
 * enough to tell. Who only knows our addresses can neither narrow the tunnel
 * nor declare an owner dead. A router that quotes eight bytes (RFC 792; RFC
 * 1812 has more) is not believed.
 */
#ifndef CORE_STEER_TUNNEL_H
#define CORE_STEER_TUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/drop.h"
#include "core/instant.h"
#include "core/outbox.h"
#include "core/rng.h"
#include "core/siphash.h"

struct gue_header;

/* Outer source ports: this and above, by the flow's hash (RFC 7510 section 3
 * has the same range). */
#define TUNNEL_SOURCE_PORT 49152

/* Streams to one peer in one start of a server, as a rule at most. */
#define TUNNEL_BOOTS_A_START 64

struct steer_settings;
struct tunnel; /* in the caller's memory, see tunnel_size() */

/* A peer, looked up once for all that is done with one packet or several. Good
 * until the next peer is added: by tunnel_seal() to another one,
 * tunnel_receive(). */
struct tunnel_peer {
	const struct address *address; /* borrowed */
	uint32_t hash, slot; /* tunnel.c's */
};

/* How large an inner packet may be on the way to a peer. */
struct tunnel_room {
	uint32_t bytes; /* in one outer packet */
	bool learned; /* from an ICMP error, not the uplinks' MTU */
};

/* A multiple of 8. */
size_t tunnel_size(uint32_t peers);
/* The memory is aligned for uint64_t; peers > 0. The settings are borrowed
 * (tag keys, gue_port and mtu_bytes are read each time). self: our own address,
 * the source of all outer packets. rng makes the first boot number. */
struct tunnel *tunnel_init(void *memory, uint32_t peers,
			   const struct steer_settings *,
			   const struct address *self,
			   const struct siphash_key *hash, const struct rng *);

/* Better than rng: our host counts its starts, and this one is that. Before any
 * packet. */
void tunnel_number(struct tunnel *, uint32_t starts);

/* Look a peer up. It is added no sooner than tunnel_seal() needs it. */
struct tunnel_peer tunnel_peer(const struct tunnel *, const struct address *);
struct tunnel_room tunnel_room(const struct tunnel *, struct instant now,
			       const struct tunnel_peer *);
/* Append a forward of an inner packet of size bytes. Returns where to write
 * it; then call tunnel_seal() before anything else is appended. NULL: it
 * exceeds a UDP datagram, or the outbox is full. */
uint8_t *tunnel_add(uint32_t size, struct outbox *);
/* The last item holds an inner packet: complete it. hash chooses the source
 * port. */
void tunnel_seal(struct tunnel *, struct tunnel_peer *, uint32_t hash,
		 uint8_t avoid_uplink, struct outbox *);
/* The outer source port of a session with that hash. */
uint16_t tunnel_source_port(uint32_t hash);
/* Bytes of an inner packet that fit any UDP datagram. */
uint32_t tunnel_inner_max(void);

/* A datagram to the GUE port. DROP_NONE: *inner, *inner_size are the inner
 * packet, borrowed from bytes; it is not parsed. */
enum drop tunnel_receive(struct tunnel *, const struct address *from,
			 const struct address *to, const uint8_t *bytes,
			 size_t size, const uint8_t **inner,
			 size_t *inner_size);

/* The tag that such a datagram must bear: key is the one that the header's key
 * id names, both addresses are of one family, header->tag is not read; of the
 * inner packet only the first GUE_INNER_BYTES matter. For tunnel.c and for the
 * reader of captures. */
uint64_t tunnel_tag(const struct siphash_key *key, const struct address *from,
		    const struct address *to, const struct gue_header *,
		    const uint8_t *inner, size_t inner_size);

/* An ICMP error says that our packets to the peer must not be larger than
 * mtu_bytes (0: it does not say). Forgotten after ten minutes (RFC 1191
 * section 6.3). */
void tunnel_too_big(struct tunnel *, struct instant now,
		    const struct address *peer, uint32_t mtu_bytes);
/* Do these bytes, quoted from behind the outer UDP header on, begin as
 * something that we sent to the peer? whole_bytes: of the datagram's payload,
 * as its UDP header says. */
bool tunnel_quoted(const struct tunnel *, const struct address *peer,
		   const uint8_t *bytes, size_t size, size_t whole_bytes);

uint32_t tunnel_count(const struct tunnel *); /* peers that it knows */

#endif
