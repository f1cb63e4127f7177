/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * held_test.c - packets that a server holds, rightly or not
 */
#include "sim/judge/held.h"

#include <string.h>

#include "core/steer/flow.h"
#include "core/steer/steer.h"
#include "core/steer/stray.h"
#include "sim/test/judge_bed.h"

#define MS NS_PER_MS
#define S  NS_PER_S

struct holding {
	const char *sentence;
	enum flow_state state;
	bool timed; /* it has an alarm */
	int64_t age_ns; /* since its first miss */
	uint32_t claimed; /* packets more than there are */
	uint32_t bytes; /* counted by the server more than there are */
	bool popped; /* the list, but not the pool, has let it go */
	bool killed;
	uint64_t count;
};

static void
hold(struct bed *bed, const struct holding *row)
{
	struct strays *strays = (struct strays *)steer_strays(
		servers_view(bed->servers, 1).steer);
	struct session_key key = bed_key(1);
	struct flow *flow = flow_add(strays->flows, &key);
	uint8_t bytes[300] = { 0 };

	for (unsigned i = 0; i < 2; i++)
		CHECK(hold_append(strays->held, &flow->held, bytes,
				  sizeof(bytes), 0));
	strays->held_bytes = flow->held.bytes + row->bytes;
	flow->held.packets += row->claimed;
	flow->state = (uint8_t)row->state;
	flow->missing_since = bed_now(bed);
	if (row->popped) {
		flow->held = hold_list_empty();
		strays->held_bytes = 0;
	}
	if (row->timed)
		flow_schedule(strays->flows, flow,
			      instant_after(bed_now(bed), 100 * S));
	if (row->killed) {
		/* Behind the back of the server, who would let it go. */
		flow_schedule(strays->flows, flow, INSTANT_NEVER);
		servers_daemon_kill(bed->servers, 1);
		flow_schedule(strays->flows, flow, INSTANT_NEVER);
	}
}

int
main(void)
{
	static const struct holding rows[] = {
		{ "while a lookup runs", FLOW_LOOKING, true, 100 * MS, 0, 0,
		  false, false, 0 },
		{ "until the next one", FLOW_WAITING, true, 1450 * MS, 0, 0,
		  false, false, 0 },
		{ "for too long", FLOW_WAITING, true, 1550 * MS, 0, 0, false,
		  false, 1 },
		{ "without an alarm", FLOW_LOOKING, false, 100 * MS, 0, 0,
		  false, false, 1 },
		{ "when its owner is known, for a moment", FLOW_CACHED, true,
		  1550 * MS, 0, 0, false, false, 0 },
		{ "for longer", FLOW_CACHED, true, 1650 * MS, 0, 0, false,
		  false, 1 },
		{ "and nobody will remind it", FLOW_CACHED, false, 100 * MS, 0,
		  0, false, false, 1 },
		{ "though it was reset", FLOW_NEGATIVE, true, 100 * MS, 0, 0,
		  false, false, 1 },
		{ "one that is not there", FLOW_LOOKING, true, 100 * MS, 1, 0,
		  false, false, 1 },
		{ "more bytes than its flows", FLOW_LOOKING, true, 100 * MS, 0,
		  256, false, false, 1 },
		{ "in the pool, for nobody", FLOW_LOOKING, true, 100 * MS, 0, 0,
		  true, false, 1 },
		/* No alarm, and no daemon. */
		{ "after its daemon's end", FLOW_LOOKING, false, 100 * MS, 0, 0,
		  false, true, 2 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings settings;
		struct bed bed;

		settings_default(&settings);
		bed_make(&bed, &settings);
		struct judge_held *held = judge_held_create(&bed.parts);

		judge_held_look(held, bed_now(&bed));
		CHECK_ROW(bed_violations(&bed) == 0, rows[i].sentence);
		hold(&bed, &rows[i]);
		/* The servers do not know of it, and sleep. */
		judge_held_look(held,
				instant_after(bed_now(&bed), rows[i].age_ns));
		CHECK_ROW(bed_count(&bed, VIOLATION_HELD_LEAK) == rows[i].count,
			  rows[i].sentence);
		judge_held_destroy(held);
		bed_free(&bed);
	}
	return check_done();
}
