/* SPDX-License-Identifier: GPL-3.0-or-later */
/* makeshift.c - records placed while somebody was silent; see makeshift.h */
#include "core/dht/makeshift.h"

#include "core/dht/publish_slot.h"
#include "core/position.h"

static uint64_t
distance_of(const struct node *node, uint64_t target, uint32_t peer)
{
	return position_distance(
		target, endpoints_position(node->parts.endpoints, peer));
}

/* How far the last of the replicas is; UINT64_MAX: there are fewer. */
static uint64_t
farthest(const struct node *node, const struct publication *publication)
{
	uint64_t last = 0;

	if (publication->replica_count < node->settings->replicas)
		return UINT64_MAX;
	for (uint32_t i = 0; i < publication->replica_count; i++) {
		uint64_t distance = distance_of(node, publication->position,
						publication->replicas[i]);

		if (distance > last)
			last = distance;
	}
	return last;
}

/* Was one silent who is closer, and is not known to be dead? */
static bool
was_silent(const struct node *node, const struct lookup *lookup, uint64_t last)
{
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		const struct candidate *candidate = &lookup->candidates[i];

		if (candidate->distance < last &&
		    (candidate->state == CANDIDATE_OVERDUE ||
		     candidate->state == CANDIDATE_RETRIED ||
		     candidate->state == CANDIDATE_FAILED) &&
		    !node_missed(node, candidate->peer))
			return true;
	}
	return false;
}

static bool
is_replica(const struct publication *publication, uint32_t peer)
{
	for (uint32_t i = 0; i < publication->replica_count; i++)
		if (publication->replicas[i] == peer)
			return true;
	return false;
}

/* Whom a publication passes by, as far as our table tells: contacts that are
 * closer than the last of the replicas, and none of them. */
struct passed_by {
	bool living;
	bool suspect; /* of those that live: it is being tested */
	bool stale; /* nobody knows whether it is dead */
};

/* Of the closest contacts that may be named. */
static void
look_at(const struct node *node, const struct publication *publication,
	enum table_trust trust, struct passed_by *passed)
{
	uint64_t last = farthest(node, publication);
	uint32_t peers[BUCKET_MAX];
	uint32_t count =
		table_closest(node->table, publication->position, trust,
			      ENDPOINT_NONE, peers, node->settings->replicas);

	for (uint32_t i = 0; i < count; i++) {
		const struct contact *contact =
			table_find(node->table, peers[i]);
		bool stale = contact_stale(contact);

		if (is_replica(publication, peers[i]) ||
		    distance_of(node, publication->position, peers[i]) >= last)
			continue;
		passed->stale |= stale;
		passed->living |= !stale;
		passed->suspect |= !stale && contact_suspect(contact);
	}
}

static struct passed_by
passed_by(const struct node *node, const struct publication *publication)
{
	struct passed_by passed = { 0 };

	look_at(node, publication, TABLE_ANY, &passed);
	/* Others live in the place of those. */
	if (passed.stale)
		look_at(node, publication, TABLE_LIVING, &passed);
	return passed;
}

struct instant
makeshift_placed(struct node *node, struct instant now,
		 struct publication *publication, const struct lookup *lookup,
		 bool changed)
{
	bool young = node_young(node, now);
	struct passed_by passed = passed_by(node, publication);
	bool again = was_silent(node, lookup, farthest(node, publication)) ||
		     passed.suspect || (changed && young);

	publication->makeshift = again || young || passed.stale;
	publication->anew = again && publication->tries < MAKESHIFT_TRIES;
	node->keepers_makeshift |= publication->makeshift;
	if (!publication->anew) {
		publication->tries = 0;
		return INSTANT_NEVER;
	}
	return instant_after(now,
			     (int64_t)MAKESHIFT_NS << publication->tries++);
}

/* Was asked, or sent the record, and did not answer. */
static bool
is_unheard(enum candidate_state state)
{
	switch (state) {
	case CANDIDATE_ASKED:
	case CANDIDATE_OVERDUE:
	case CANDIDATE_FAILED:
	case CANDIDATE_STORING:
	case CANDIDATE_RETRIED:
		return true;
	case CANDIDATE_KNOWN:
	case CANDIDATE_ANSWERED:
	case CANDIDATE_STORED:
	case CANDIDATE_REFUSED:
	case CANDIDATE_STALE:
		break;
	}
	return false;
}

void
makeshift_failed(struct node *node, struct publication *publication,
		 const struct lookup *lookup)
{
	bool silent = lookup->candidate_count == 0;

	for (uint32_t i = 0; i < lookup->candidate_count; i++)
		silent |= is_unheard(
			(enum candidate_state)lookup->candidates[i].state);
	publication->makeshift = silent;
	node->keepers_makeshift |= silent;
}

bool
makeshift_mend(struct node *node, struct instant now, uint32_t slot)
{
	struct publication *own = publish_slot_at(node, slot);

	if (!own->makeshift)
		return false;
	node->keepers_makeshift = true;
	own->retries = 0;
	if (own->state == PUBLICATION_WAITING) {
		publish_slot_time(node, slot, now);
		return true;
	}
	/* As it was: the stale one may be dead, or our table is poor yet. */
	struct passed_by passed = passed_by(node, own);
	if (!passed.living && (node_young(node, now) || passed.stale))
		return false;
	if (own->state == PUBLICATION_REFRESHING)
		own->lost = true;
	if (own->state != PUBLICATION_HELD)
		return false;
	own->anew = true;
	own->tries = 0;
	publish_slot_time(node, slot, now);
	return true;
}
