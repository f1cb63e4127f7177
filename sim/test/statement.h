/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * statement.h - what tests of the judge say of a session, in short
 */
#ifndef SIM_TEST_STATEMENT_H
#define SIM_TEST_STATEMENT_H

#include "core/record.h"

#define TTL 600000 /* ms */

struct statement {
	uint32_t owner;
	int64_t established;
	uint32_t sequence;
	enum {
		OPEN,
		HALF,
		ENDED
	} stage;
};

static inline struct record
record_of(const struct statement *statement)
{
	return (struct record){
		.version = { statement->established, statement->sequence },
		.owner = statement->owner,
		.tombstone = statement->stage == ENDED,
		.half_open = statement->stage == HALF,
		.ttl_ms = TTL,
	};
}

#endif
