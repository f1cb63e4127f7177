/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record.h - one statement about a session: who owns it, since when
 *
 * Higher version wins, because client ports are reused. A removal is a
 * record too (a tombstone), so that a late STORE cannot resurrect the dead.
 *
 * A record is *half-open* while the handshake is not over: its owner has
 * answered a SYN, which anybody can forge. So what is open is worth more,
 * whatever its version, and a half-open record does not live long. At one
 * version of one owner the later statement is: half-open, open, tombstone.
 */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"

/* Statements kept for one key: an asker who hears "not mine" from the newer
 * owner can try the older (design section 3). Of open ones two at most, so that
 * there is room for a handshake. */
#define RECORDS_PER_KEY	 3
#define RECORDS_OPEN_MAX 2
/* The longest that a handshake takes: a SYN-ACK is sent again after 1, 2, 4,
 * 8 and 16 s and given up 32 s later, 63 s in all (net.ipv4.tcp_synack_retries
 * is 5 in Linux). */
#define RECORD_HALF_OPEN_MS 64000

struct record {
	struct version version;
	uint32_t owner; /* endpoint index; the owner's node address */
	uint32_t ttl_ms; /* time to live left */
	bool tombstone; /* the session ended at this version */
	bool half_open; /* its handshake is not over: the SYN was answered */
	bool relayed; /* by another than its owner, who is to be told */
};

/* Of one owner at one version the later wins. */
enum record_stage {
	RECORD_HALF_OPEN,
	RECORD_OPEN,
	RECORD_TOMBSTONE
};

static inline enum record_stage
record_stage(const struct record *record)
{
	if (record->tombstone)
		return RECORD_TOMBSTONE;
	return record->half_open ? RECORD_HALF_OPEN : RECORD_OPEN;
}

/* Does the statement supersede that of the same owner, or repeat it? */
static inline bool
record_supersedes(const struct record *record, const struct record *known)
{
	int order = version_compare(record->version, known->version);

	return order > 0 ||
	       (order == 0 && record_stage(record) >= record_stage(known));
}

/* Is a worth more than b, of another owner? Open before half-open before
 * tombstones, then the newer; between equals the owner that is known longer, so
 * that the order is total. */
static inline bool
record_worth_more(const struct record *a, const struct record *b)
{
	if (a->tombstone != b->tombstone)
		return b->tombstone;
	if (a->half_open != b->half_open)
		return b->half_open;
	int order = version_compare(a->version, b->version);
	return order != 0 ? order > 0 : a->owner < b->owner;
}

#endif
