/* SPDX-License-Identifier: GPL-3.0-or-later */
/* placement.c - where a lookup that publishes stores; see placement.h */
#include "core/dht/placement.h"

#include "core/position.h"

void
placement_begin(struct lookup *lookup, uint32_t certain, uint32_t replicas)
{
	if (certain >= replicas)
		lookup->chart = LOOKUP_BY_TABLE;
}

void
placement_named(struct lookup *lookup, uint32_t named, uint32_t closer,
		uint32_t k, uint32_t known)
{
	uint32_t expected = known < k ? known : k;

	if (closer < k && 2 * named >= expected)
		lookup->chart = LOOKUP_BY_ANSWER;
}

/* It knows closer ones, and has yet to say which; or it may be too old for a
 * record that is half-open. */
static bool
is_to_be_asked(const struct lookup *lookup, const struct candidate *candidate)
{
	bool unknown = lookup->half_open && candidate->speaks == 0;

	return (candidate->moved || unknown) &&
	       (candidate->state == CANDIDATE_KNOWN ||
		candidate->state == CANDIDATE_ASKED);
}

bool
placement_charted(const struct lookup *lookup, uint32_t replicas)
{
	uint32_t live = 0;

	if (lookup->chart == LOOKUP_UNCHARTED)
		return false;
	for (uint32_t i = 0; i < lookup->candidate_count && live < replicas;
	     i++) {
		const struct candidate *candidate = &lookup->candidates[i];
		bool passed = lookup_passed_by(candidate);

		if (is_to_be_asked(lookup, candidate) ||
		    (passed && lookup->chart == LOOKUP_BY_TABLE))
			return false;
		live += !passed;
	}
	return true;
}

void
placement_converged(struct lookup *lookup)
{
	lookup->chart = LOOKUP_BY_ANSWER;
}

bool
placement_repeats(const struct candidate *candidate, struct instant now)
{
	return candidate->state == CANDIDATE_STORING &&
	       lookup_candidate_wake(candidate).ns <= now.ns;
}

uint32_t
placement_choose(const struct lookup *lookup, uint32_t replicas, uint64_t self,
		 uint8_t *chosen, bool *self_holds)
{
	uint64_t self_distance = position_distance(lookup->target, self);
	bool self_seen = lookup->self == LOOKUP_NO_ROOM;
	uint32_t need = replicas, count = 0;

	*self_holds = false;
	for (uint32_t i = 0; i < lookup->candidate_count && need > 0; i++) {
		const struct candidate *candidate = &lookup->candidates[i];

		if (!self_seen && self_distance < candidate->distance) {
			self_seen = true;
			*self_holds = true;
			if (--need == 0)
				break;
		}
		if (lookup_passed_by(candidate))
			continue;
		need--;
		if (candidate->state < CANDIDATE_STORING &&
		    (!lookup->half_open || candidate->speaks != 0))
			chosen[count++] = (uint8_t)i;
	}
	if (!self_seen && need > 0)
		*self_holds = true;
	return count;
}

bool
placement_conditional(const struct lookup *lookup, uint32_t index)
{
	if (lookup->candidates[index].moved || lookup->self == LOOKUP_NO_ROOM)
		return false;
	for (uint32_t i = 0; i < index; i++) {
		if (lookup_passed_by(&lookup->candidates[i]))
			return false;
	}
	return true;
}

void
placement_sent(struct lookup *lookup, struct candidate *candidate,
	       struct instant now, int64_t timeout_ns, bool conditional)
{
	candidate->state = candidate->state == CANDIDATE_STORING
				   ? CANDIDATE_RETRIED
				   : CANDIDATE_STORING;
	candidate->conditional = conditional;
	candidate->holds = true;
	candidate->sent = now;
	candidate->timeout_ns = timeout_ns;
	lookup->queries++;
	if (lookup->started.ns == INSTANT_NEVER.ns)
		lookup->started = now;
}

bool
placement_answered(struct lookup *lookup, struct candidate *candidate,
		   struct instant now, const struct message_item *item)
{
	uint8_t state = candidate->state;

	if (lookup->phase != LOOKUP_STORING ||
	    (state != CANDIDATE_STORING && state != CANDIDATE_RETRIED &&
	     state != CANDIDATE_FAILED))
		return false;
	candidate->holds = false;
	switch (item->status) {
	case ITEM_STALE:
		if (version_compare(item->version, lookup->newest) > 0)
			lookup->newest = item->version;
		candidate->state = CANDIDATE_STALE;
		return true;
	case ITEM_FULL:
	case ITEM_UNANSWERED:
		candidate->state = CANDIDATE_REFUSED;
		return true;
	case ITEM_MOVED:
		if (!candidate->conditional)
			break; /* it keeps it */
		candidate->moved = true;
		candidate->state = candidate->tries < LOOKUP_TRIES
					   ? CANDIDATE_KNOWN
					   : CANDIDATE_ANSWERED;
		return true;
	default:
		break;
	}
	candidate->state = CANDIDATE_STORED;
	candidate->holds = true;
	lookup->first = instant_min(lookup->first, now);
	return true;
}

bool
placement_done(const struct lookup *lookup, uint32_t replicas, uint64_t self)
{
	uint64_t self_distance = position_distance(lookup->target, self);
	bool self_seen = lookup->self != LOOKUP_HOLDING;
	uint32_t need = replicas;

	for (uint32_t i = 0; i < lookup->candidate_count && need > 0; i++) {
		const struct candidate *candidate = &lookup->candidates[i];

		if (!self_seen && self_distance < candidate->distance) {
			self_seen = true;
			if (--need == 0)
				break;
		}
		if (lookup_passed_by(candidate))
			continue;
		if (candidate->state < CANDIDATE_STORED)
			return false;
		need--;
	}
	if (!self_seen && need > 0)
		need--;
	return need == 0 || placement_settled(lookup);
}

bool
placement_settled(const struct lookup *lookup)
{
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		switch (lookup->candidates[i].state) {
		case CANDIDATE_ASKED:
		case CANDIDATE_OVERDUE:
		case CANDIDATE_STORING:
		case CANDIDATE_RETRIED:
			return false;
		default:
			break;
		}
	}
	return true;
}

uint32_t
placement_count(const struct lookup *lookup)
{
	uint32_t count = lookup->self == LOOKUP_HOLDING;

	for (uint32_t i = 0; i < lookup->candidate_count; i++)
		count += lookup->candidates[i].state == CANDIDATE_STORED;
	return count;
}

bool
placement_whole(const struct lookup *lookup, uint32_t replicas)
{
	if (placement_count(lookup) >= replicas)
		return true;
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		if (lookup->candidates[i].state != CANDIDATE_STORED)
			return false;
	}
	return lookup->self != LOOKUP_NO_ROOM;
}
