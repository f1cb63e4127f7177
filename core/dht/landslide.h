/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * landslide.h - many of those who keep our records die together
 *
 *	one keeper died:	who held it is known, and seen to (keepers.h)
 *	a quarter of them:	so did a quarter of all, and of those we do
 *				not know: everything is republished, soon
 *
 * As long as one of its r holders lives, a record is repaired by that one
 * (repair.h). When all of them die together, its owner alone can place it anew;
 * and in a large cluster most holders are strangers to it, whom it does
 * not watch: of 1,000 servers a node knows 131. A share f of servers that dies
 * at once so takes f^r of the records, which nobody finds until their owners
 * republish, 200 s later. But those we watch are a fair sample of those we do
 * not. Where LANDSLIDE_PART of them have died within LANDSLIDE_NS, the next
 * republishing is brought forward (renewal.h): it finds out who is there,
 * replica by replica, and places what has none.
 *
 * That is LANDSLIDE_AFTER_NS later, when deaths are known and holders have
 * repaired what they can. It costs what it would have cost then, and it is paid
 * once: what was republished is due republish_ns after that. Another landslide
 * within that time is part of the first and puts nothing off.
 *
 * Those 15 s are long for a record that nobody holds. So as soon as
 * LANDSLIDE_LIKELY of them, and a part of LANDSLIDE_LIKELY_PART, have died,
 * strangers are asked whether they are there (keepers.h), where a record has
 * no other holders: that costs pings, of which 64 are the most.
 *
 * Less than a quarter: of a tenth f^3 is one in a thousand, and churn is no
 * landslide: 20 % a minute are 1.7 % in LANDSLIDE_NS. At least LANDSLIDE_LEAST:
 * where few are watched there are few strangers, and three deaths of six say
 * little. Whoever is cut off itself sees one, and republishes what its peers
 * have anyway.
 */
#ifndef CORE_DHT_LANDSLIDE_H
#define CORE_DHT_LANDSLIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"

#define LANDSLIDE_NS	   (5 * NS_PER_S)
#define LANDSLIDE_AFTER_NS (15 * NS_PER_S)
#define LANDSLIDE_TICK_NS  (100 * NS_PER_MS) /* 13 years of them */
#define LANDSLIDE_PART	   4
#define LANDSLIDE_LEAST	   8
/* Of what may become one. */
#define LANDSLIDE_LIKELY_PART 8
#define LANDSLIDE_LIKELY      3

/* All zero: nobody died. A node of few contacts has no byte to spare. */
struct landslide {
	uint32_t since; /* of the first of `died`, in LANDSLIDE_TICK_NS */
	uint16_t died;
	bool seen;
};
_Static_assert(sizeof(struct landslide) == 8, "small");

/* So many more of those who are, or were, `watched` have died. */
void landslide_died(struct landslide *, struct instant now, uint32_t died,
		    uint32_t watched);
/* There has been one, or a part of one, just now: reason to ask, not more. */
bool landslide_likely(const struct landslide *, uint32_t watched);
/* Has there been one since this was asked last? */
bool landslide_take(struct landslide *);

#endif
