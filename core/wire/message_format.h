/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message_format.h - what nodes say to each other, as bytes (UDP, port 7000)
 *
 *	 0       1       2       3       4               8
 *	+-------+-------+-------+-------+---------------+------
 *	|version| type  | flags | count |  transaction  | items ...
 *	+-------+-------+-------+-------+---------------+------
 *
 * All integers are big-endian. `count` items follow, then zero padding is
 * allowed: a requester pads so that three times its size holds the reply it
 * hopes for, since a reply to an address that has not been verified is never
 * larger than that (amplification; the same bound as RFC 9000 section 8.1).
 * A datagram is at most MESSAGE_MAX bytes, so that it crosses any
 * IPv6 path unfragmented (1,280 - 40 - 8 = 1,232), with room for the seal.
 *
 * Versions: the low four bits of the flags say which version is the newest that
 * the sender speaks (0, as version 1 has it: that of the message). A node
 * speaks its own version and the one before. A request is of the oldest version
 * that can say it, so that a peer of either understands it without being known;
 * a reply is of the newest that both speak. So two nodes know of each other
 * from the first datagram, and a cluster is upgraded one server at a time, in
 * any order, and back again. Any other version is refused. Another flag is
 * MESSAGE_CONDITIONAL, which version 1 does not look at; the others are sent as
 * zero and not looked at. Version 2 brings:
 *	HOLD	a copy that its owner may not know of
 *	DOUBT	what a forwarded packet is, perhaps
 *	STALE	the version that is known
 *	records	half-open ones, and a third of a key
 *
 * A reply has the request's transaction and type | MESSAGE_REPLY, and
 * one item for each item of the request, in order. Items that no longer fit
 * are ITEM_UNANSWERED (one byte), so a batch is answered as far as it fits.
 *
 * Items of requests:
 *	PING, LEAVE	none (LEAVE: no reply)
 *	FIND_NODE	target position 8
 *	FIND_VALUE	key
 *	STORE		key, record
 *	REMOVE		key, version
 *	NOT_MINE	key, version (no reply)
 *	HOLD		key, version: I hold a record of yours, which another
 *			than you has sent me, or which I have not heard of for
 *			long
 *	DOUBT		key, version: I have an open socket of it, of that
 *			version, and what you forwarded may well be of a newer
 *			session (no reply)
 *
 * Items of replies, after a status byte:
 *	PING		none
 *	FIND_NODE	ITEM_CONTACTS: n4 1, n6 1, n4 x (address 4, port 2),
 *			n6 x (address 16, port 2)
 *	FIND_VALUE	the same, or ITEM_RECORDS: n 1, n x record
 *	STORE, REMOVE	ITEM_STORED | ITEM_MOVED | ITEM_FULL | ITEM_STALE;
 *			STALE is followed by a version in version 2
 *	HOLD		ITEM_STORED, noted | ITEM_STALE, not mine any more |
 *			ITEM_UNANSWERED, I cannot say yet
 *
 *	key	= family 1 (4|6), protocol 1, client port 2, service port 2,
 *		  client address 4|16, service address 4|16
 *	version	= established 8 (ns), sequence 4
 *	record	= flags 1 (bit 0: tombstone, bit 1: half-open, not both),
 *		  owner family 1, owner port 2,
 *		  owner address 4|16, version 12, time to live 4 (ms)
 *
 * Valid is only what message_write.h can have made: known type, 1 item or
 * more where there are any, n4 + n6 <= MESSAGE_CONTACTS_MAX, n of records 1
 * to RECORDS_PER_KEY, families 4 or 6, no port 0 of a node, no other flags of a
 * record, padding zero. So a message has one meaning, and what is accepted
 * encodes to the same bytes again, the header's version and flags apart.
 *
 * Here are the types and numbers that reader and writer share. All three
 * headers keep to what BPF allows: no libc calls but memcpy and memset
 * builtins.
 */
#ifndef CORE_WIRE_MESSAGE_FORMAT_H
#define CORE_WIRE_MESSAGE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/drop.h"
#include "core/record.h"
#include "core/session.h"

#define MESSAGE_VERSION	       2
#define MESSAGE_VERSION_OLDEST 1 /* the one before: spoken, too */
#define MESSAGE_SPEAKS_MASK    0x0f /* of the flags */
#define MESSAGE_HEADER_BYTES   8
#define MESSAGE_SEALED_MAX     1232
/* What the live edge adds, and the simulator counts: key id and reserved 8,
 * nonce 24 and tag 16 of XChaCha20-Poly1305, boot id 8, sequence 8. */
#define MESSAGE_SEAL_BYTES   64
#define MESSAGE_MAX	     (MESSAGE_SEALED_MAX - MESSAGE_SEAL_BYTES)
#define MESSAGE_CONTACTS_MAX 32 /* in one item: the largest k */
#define MESSAGE_ITEMS_MAX    255
#define MESSAGE_AMPLIFY_MAX  3 /* reply to request, in bytes */

enum message_type {
	MESSAGE_PING = 1,
	MESSAGE_FIND_NODE = 2,
	MESSAGE_FIND_VALUE = 3,
	MESSAGE_STORE = 4,
	MESSAGE_REMOVE = 5,
	MESSAGE_NOT_MINE = 6,
	MESSAGE_LEAVE = 7,
	MESSAGE_HOLD = 8,
	MESSAGE_DOUBT = 9,
	MESSAGE_REPLY = 0x80, /* a bit beside PING to REMOVE, and HOLD */
};

enum item_status {
	ITEM_UNANSWERED = 0, /* did not fit: ask again */
	ITEM_CONTACTS = 1, /* nodes closer to it, as far as I know */
	ITEM_RECORDS = 2, /* the value, best first */
	ITEM_STORED = 3,
	/* I know `replicas` live contacts that are closer to the key than I am:
	 * look for the new place. Stored here, too, unless the STORE was
	 * conditional. */
	ITEM_MOVED = 4,
	/* Not stored: what is here is newer, of `version` at the highest; or
	 * zero: said by a peer of version 1. */
	ITEM_STALE = 5,
	ITEM_FULL = 6, /* not stored: no room, try elsewhere */
};

/* Statements of one key in a reply of version 1. */
#define MESSAGE_RECORDS_OLDEST 2

/* Flags of a record. */
#define MESSAGE_TOMBSTONE 0x01
#define MESSAGE_HALF_OPEN 0x02

/* Flag of a STORE: keep it only if you do not know `replicas` live contacts
 * that are closer. */
#define MESSAGE_CONDITIONAL 0x80

struct message_header {
	uint8_t version; /* of this message */
	uint8_t speaks; /* newest that its sender does, at least that */
	uint8_t type; /* enum message_type, MESSAGE_REPLY beside it */
	uint8_t flags;
	uint8_t count; /* items */
	uint32_t transaction;
};

/* struct record as the wire has it: the owner's address, not an index. */
struct message_record {
	struct version version;
	struct endpoint owner;
	uint32_t ttl_ms;
	bool tombstone;
	bool half_open;
};

/* One item; which fields are meant is said by type and status, the others
 * are zero. */
struct message_item {
	enum item_status status; /* replies */
	uint64_t position; /* FIND_NODE */
	struct session_key key; /* all other requests */
	struct version version; /* REMOVE, NOT_MINE, HOLD, DOUBT, STALE */
	uint32_t record_count; /* STORE: 1; ITEM_RECORDS: 1 to 3 */
	struct message_record records[RECORDS_PER_KEY];
	/* ITEM_CONTACTS: read them with message_contact(). */
	uint32_t contact_count;
	uint32_t contact_ip4_count; /* the first ones */
	const uint8_t *contact_bytes; /* borrowed from the datagram */
};

#define MESSAGE_CONTACT_IP4_BYTES 6
#define MESSAGE_CONTACT_IP6_BYTES 18

static inline uint32_t
message_address_bytes(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

/* An address or a port as it stands; 2, 4 or 16 bytes. BPF knows memcpy of
 * constant sizes only. */
static inline void
message_copy(uint8_t *to, const uint8_t *from, uint32_t size)
{
	if (size == 16)
		__builtin_memcpy(to, from, 16);
	else if (size == 4)
		__builtin_memcpy(to, from, 4);
	else
		__builtin_memcpy(to, from, 2);
}

#endif
