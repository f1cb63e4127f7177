/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode.h - our own datagrams read out of a capture
 *
 *	IP | UDP to 6080 | GUE | private data | packet inside	DECODE_GUE
 *	IP | UDP to 7000 | seal | message | tag			DECODE_DHT
 *	IP | UDP to 7000 | message | 64 zeros			   simulated
 *
 * One IP packet in, one struct out, which text and JSON are printed from. The
 * parsers are those of the core, so that what is read here is what a server
 * reads; but where a server stops at the first thing that is wrong, a decoder
 * says what it is and goes on as far as it can.
 *
 * Live datagrams are sealed and packets tagged under keys that come of the
 * cluster's secret: with the secret file they are opened and verified. The
 * simulator seals nothing and tags with a key that is no secret
 * (sim/model/settings.c); that one is tried when there is no secret, and then a
 * tag that does not match is not wrong but unknown. With a secret it is not
 * tried: in a live cluster a sender that used it is a forger.
 *
 * A sealed datagram says zero in its second byte, where a message has its
 * type: so the two kinds are told apart.
 *
 * Snapshot lengths and outer fragments cut datagrams; the tag needs only the
 * first 64 bytes inside, a seal needs all.
 *
 * Captured on the machine that sends, or behind a veth, a run of forwards is
 * one UDP packet that no kernel has taken apart yet (UDP_SEGMENT, udp(7)); its
 * parts come out one by one, as they do at the receiver:
 *
 *	IP | UDP | GUE | packet inside | GUE | packet inside | GUE ...
 */
#ifndef HARNESS_REPLAY_DECODE_H
#define HARNESS_REPLAY_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/drop.h"
#include "core/endpoint.h"
#include "core/wire/gue.h"
#include "core/wire/message.h"
#include "core/wire/packet.h"
#include "harness/base/json.h"
#include "live/conf/secret.h"

#define DECODE_DHT_PORT 7000

enum decode_kind {
	DECODE_GUE,
	DECODE_DHT,
};

enum decode_tag {
	DECODE_TAG_UNKNOWN, /* no key, or not enough was captured */
	DECODE_TAG_OK,
	DECODE_TAG_WRONG,
};

struct decode_gue {
	/* The first four bytes, whatever they say. */
	uint8_t variant, hlen, protocol;
	bool control;
	uint16_t flags;
	/* DROP_NONE: the rest is valid; else why it is none of ours. */
	enum drop drop;
	struct gue_header header;
	enum decode_tag tag;
	uint32_t inner_size; /* as far as captured */
	/* DROP_NONE: the packet inside was parsed. */
	enum drop inner_drop;
	struct packet inner;
	bool quotes; /* it is an ICMP error, and this is what about: */
	struct packet quote;
};

enum decode_seal {
	DECODE_SEAL_PLAIN, /* simulated */
	DECODE_SEAL_OPENED,
	DECODE_SEAL_CLOSED, /* no secret, or not all of it was captured */
	DECODE_SEAL_REFUSED, /* see drop: key id, tag ... */
};

struct decode_dht {
	enum decode_seal seal;
	enum drop drop; /* REFUSED: why */
	/* Of a sealed one. */
	uint8_t key_id;
	uint64_t boot, sequence;
	bool refusal; /* of boot `refused`, once opened (seal.h) */
	uint64_t refused;
	/* Of an opened or plain one: read it with message_open(). */
	enum drop message_drop;
	uint32_t message_size;
	uint8_t message[MESSAGE_SEALED_MAX];
};

struct decoded {
	enum decode_kind kind;
	struct endpoint from, to;
	const uint8_t *bytes; /* UDP payload; borrowed from the packet */
	uint32_t size; /* of it, as far as captured */
	uint32_t missing; /* bytes of it that are not here */
	/* The same of what follows in a run; rest_size 0: nothing. */
	const uint8_t *rest;
	uint32_t rest_size, rest_missing;
	/* Which of these is meant says kind. */
	struct decode_gue gue;
	struct decode_dht dht;
};

/* Read one IP packet, cut or not. secret: NULL, there is none. False: it is
 * no datagram to one of our ports, or a later fragment of one. */
bool decode_packet(const struct secret *secret, const uint8_t *bytes,
		   size_t size, struct decoded *);

/* The next one of a run; the packet's bytes are still there. False: there is
 * none. */
bool decode_next(const struct secret *secret, struct decoded *);

/* One line: "1.000000123 10.0.0.1:50000 > 10.0.0.2:6080 GUE ...". at_ns: since
 * the epoch, or the start of a simulation. */
void decode_print(const struct decoded *, int64_t at_ns, FILE *);
/* The same as an element of an array. record: its number. */
void decode_print_json(const struct decoded *, uint64_t record, int64_t at_ns,
		       struct json *);

/* A whole capture to standard output, its sums to standard error (JSON: to
 * the same object). secret_path: NULL, none. An exit code; what went wrong
 * was said. */
int decode_capture(const char *path, const char *secret_path, bool json);

#endif
