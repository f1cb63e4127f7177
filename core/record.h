/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record.h - one statement about a session: who owns it, since when
 *
 * Higher version wins, because client ports are reused. A removal is a
 * record too (a tombstone), so that a late STORE cannot resurrect the dead.
 */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"

/* Newest statements kept for one key: an asker who hears "not mine" from the
 * newer owner can try the older (design section 3). */
#define RECORDS_PER_KEY 2

struct record {
	struct version version;
	uint32_t owner; /* endpoint index; the owner's node address */
	uint32_t ttl_ms; /* time to live left */
	bool tombstone; /* the session ended at this version */
	bool half_open; /* its handshake is not over: the SYN was answered */
};

#endif
