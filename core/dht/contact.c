/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contact.c - what a node remembers about one peer; see contact.h */
#include "core/dht/contact.h"

#include <stddef.h>

#define UNIT_NS	  256
#define UNITS_MAX UINT32_C(0xffffff)

static uint32_t
units(int64_t ns)
{
	int64_t n = ns / UNIT_NS;

	if (n < 1)
		return 1; /* 0 means never measured */
	return n > (int64_t)UNITS_MAX ? UNITS_MAX : (uint32_t)n;
}

void
contact_sample(struct contact *contact, int64_t rtt_ns)
{
	uint32_t rtt = units(rtt_ns);
	uint32_t srtt = contact->srtt, rttvar = contact->rttvar;

	if (srtt == 0) {
		srtt = rtt;
		rttvar = rtt / 2;
	} else {
		uint32_t error = rtt > srtt ? rtt - srtt : srtt - rtt;

		rttvar = (3 * rttvar + error) / 4;
		srtt = (7 * srtt + rtt + 4) / 8;
	}
	contact->srtt = srtt & UNITS_MAX;
	contact->rttvar = rttvar & UNITS_MAX;
	contact_alive(contact);
}

void
contact_alive(struct contact *contact)
{
	contact->verified = 1;
	contact->failures = 0;
}

void
contact_doubt(struct contact *contact)
{
	if (contact->failures == 0)
		contact->failures = 1;
}

void
contact_fail(struct contact *contact)
{
	if (contact->failures < CONTACT_STALE)
		contact->failures = (contact->failures + 1u) & 3u;
	if (contact_stale(contact))
		contact->srtt = contact->rttvar = 0;
}

bool
contact_stale(const struct contact *contact)
{
	return contact->failures >= CONTACT_STALE;
}

int64_t
contact_usual_ns(const struct contact *contact)
{
	return (int64_t)contact->srtt * UNIT_NS;
}

int64_t
contact_timeout_ns(const struct contact *contact,
		   const struct contact_timing *timing)
{
	int64_t srtt, spread, timeout;

	if (contact == NULL || contact->srtt == 0)
		return timing->initial_ns;
	srtt = (int64_t)contact->srtt * UNIT_NS;
	spread = (int64_t)contact->rttvar * UNIT_NS * 4;
	if (spread < srtt / 2)
		spread = srtt / 2;
	timeout = srtt + spread;
	if (timeout < timing->floor_ns)
		return timing->floor_ns;
	return timeout > timing->cap_ns ? timing->cap_ns : timeout;
}
