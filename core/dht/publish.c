/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publish.c - a node's own sessions; see publish.h */
#include "core/dht/publish.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/dht/keepers.h"
#include "core/dht/lookup_run.h"
#include "core/dht/makeshift.h"
#include "core/dht/neighbours.h"
#include "core/dht/owned.h"
#include "core/dht/publish_batch.h"
#include "core/dht/publish_slot.h"
#include "core/dht/traffic.h"

/* Doublings of the wait between failed placements. */
#define PUBLISH_RETRIES_MAX 16

static uint32_t
find(const struct node *node, const struct session_key *key)
{
	return publication_find(node->parts.publications, node->self, key,
				node_key_position(node, key));
}

/* May we have one more that is open? Handshakes have a room of their own. */
static bool
is_admitted(const struct node *node, const struct session_key *key)
{
	const struct publications *publications = node->parts.publications;
	uint32_t most = node->settings->sessions_max;

	if (most == 0)
		most = publications->capacity;
	uint32_t crowded = node->settings->sessions_crowded;
	return crowd_admits(publications->crowd, node->self, key, node->open,
			    most, crowded > 0 ? crowded : most / 2,
			    node->settings->sessions_per_prefix);
}

/* A new publication; PUBLICATION_NONE: there is no room. */
static uint32_t
add(struct node *node, const struct session_key *key, bool half_open)
{
	if (!half_open && !is_admitted(node, key))
		return PUBLICATION_NONE;
	uint32_t slot =
		publication_add(node->parts.publications, node->self, key,
				node_key_position(node, key), half_open);

	if (slot == PUBLICATION_NONE)
		return slot;
	publish_slot_add(node, slot);
	node->half_open += half_open;
	node->open += !half_open;
	return slot;
}

/* It becomes half-open, or open. False: there is no room. */
static bool
set_half_open(struct node *node, uint32_t slot, bool half_open)
{
	const struct publication *own = publish_slot_at(node, slot);
	bool before = own->half_open;

	if (before && !half_open && !is_admitted(node, &own->key))
		return false;
	if (!publication_set_half_open(node->parts.publications, slot,
				       half_open))
		return false;
	node->half_open += half_open;
	node->half_open -= before;
	node->open += before;
	node->open -= half_open;
	return true;
}

/* Forget it without a word: what replicas have of it lapses. */
static void
drop(struct node *node, struct instant now, uint32_t slot)
{
	const struct publication *publication = publish_slot_at(node, slot);

	if (publication->state == PUBLICATION_LOOKING)
		lookup_run_cancel(node, now, publication->lookup, false);
	publish_slot_give(node, slot);
}

/* Handshakes leave half of the lookups to strays and to what is open. */
static bool
may_look(const struct node *node, bool half_open)
{
	const struct lookups *lookups = node->parts.lookups;

	return !half_open || lookups->count < lookups->capacity / 2;
}

/* Start the lookup. False: no slot is free, the timer stays due. */
static bool
look(struct node *node, struct instant now, uint32_t slot,
     struct outbox *outbox)
{
	struct publication *publication = publish_slot_at(node, slot);

	if (publication->half_open &&
	    !instant_before(now, publication->lapses)) {
		drop(node, now, slot);
		return true;
	}
	if (!may_look(node, publication->half_open)) {
		publication->state = PUBLICATION_WAITING;
		publish_slot_time(node, slot,
				  instant_after(now, PUBLISH_CONFIRM_NS));
		return true;
	}
	uint32_t index =
		lookup_run_start(node, now, LOOKUP_SET, publication->position);
	if (index == LOOKUP_NONE) {
		publication->state = PUBLICATION_WAITING;
		publish_slot_time(node, slot, now);
		node->publish_pause = instant_after(now, PUBLISH_RETRY_NS);
		return false;
	}
	publish_slot_untime(node, slot);
	publication->state = PUBLICATION_LOOKING;
	publication->lookup = index;
	publication->lost = false;
	publication->again = 0;
	publication->anew = false;
	publication->confirm = false;

	struct lookup *lookup = &node->parts.lookups->slots[index];
	lookup->key = publication->key;
	lookup->version = publication->version;
	lookup->half_open = publication->half_open;
	lookup->publication = slot;
	lookup->announce = publication->announce;
	if (!publication->announce)
		lookup->purpose = TRAFFIC_REPUBLISH;
	if (lookup_run_advance(node, now, index, outbox)) {
		publish_placed(node, now, lookup);
		lookup_run_close(node, now, index);
	}
	return true;
}

/* What the node had published of a key, if anything, gives way. */
static void
renew(struct node *node, struct instant now, uint32_t slot)
{
	const struct publication *old = publish_slot_at(node, slot);

	if (old->state == PUBLICATION_LOOKING)
		lookup_run_cancel(node, now, old->lookup, false);
	publication_renew(node->parts.publications, slot);
}

static void
begin(struct node *node, struct instant now, uint32_t slot,
      struct version version, struct outbox *outbox)
{
	struct publication *publication = publish_slot_at(node, slot);

	publication->version = version;
	publication->announce = true;
	look(node, now, slot, outbox);
}

static struct instant
lapse_after(struct instant now)
{
	int64_t least_ns =
		instant_after(now, RECORD_HALF_OPEN_MS * NS_PER_MS).ns;
	int64_t tick = least_ns / PUBLISH_LAPSE_TICK_NS + 1;

	return (struct instant){ tick * PUBLISH_LAPSE_TICK_NS };
}

/* Is there nothing to do for a SYN that was answered? What is open leads here
 * as well. Replicas count from when they had it, and up to LAPSE_TICK less. */
static bool
is_published(struct instant now, const struct publication *old)
{
	if (old->state == PUBLICATION_ENDING || !old->half_open)
		return old->state != PUBLICATION_ENDING;
	if (!instant_before(instant_after(now, PUBLISH_AGAIN_NS), old->lapses))
		return false;
	return old->state != PUBLICATION_HELD ||
	       instant_before(now,
			      instant_after(old->published, PUBLISH_AGAIN_NS));
}

/* The wait after so many placements that failed, the last apart. */
static int64_t
wait_ns(const struct node *node, uint32_t failed)
{
	int64_t limit_ns = node->settings->republish_ns / 10;
	int64_t doubled_ns = NS_PER_S << failed;

	return doubled_ns < limit_ns ? doubled_ns : limit_ns;
}

/* Its SYN-ACK is sent again, and this time its client may answer: what could
 * not be placed does not wait for longer than the first time. Nor for less:
 * anybody can send a SYN again. */
static void
answered_again(struct node *node, struct instant now, uint32_t slot,
	       struct outbox *outbox)
{
	const struct publication *own = publish_slot_at(node, slot);

	if (!own->half_open || own->state != PUBLICATION_WAITING ||
	    own->retries == 0)
		return;
	int64_t least_ns = wait_ns(node, own->retries - 1u) - wait_ns(node, 0);
	if (instant_distance_ns(now, own->timer.when) <= least_ns)
		look(node, now, slot, outbox);
}

int
publish_half_open(struct node *node, struct instant now,
		  const struct session_key *key, struct version version,
		  struct outbox *outbox)
{
	uint32_t slot = find(node, key);

	if (slot == PUBLICATION_NONE) {
		if (!may_look(node, true))
			return -EAGAIN;
		slot = add(node, key, true);
		if (slot == PUBLICATION_NONE)
			return -ENOSPC;
	} else {
		if (is_published(now, publish_slot_at(node, slot))) {
			answered_again(node, now, slot, outbox);
			return 0;
		}
		if (!set_half_open(node, slot, true))
			return -ENOSPC;
		renew(node, now, slot);
	}
	publish_slot_at(node, slot)->lapses = lapse_after(now);
	begin(node, now, slot, version, outbox);
	return 0;
}

/* The handshake is over. The version never goes back: a clock may. */
static void
confirm(struct node *node, struct instant now, uint32_t slot,
	struct version version, struct outbox *outbox)
{
	struct publication *publication = publish_slot_at(node, slot);
	struct lookup *lookup;

	if (version_compare(version, publication->version) > 0)
		publication->version = version;
	switch (publication->state) {
	case PUBLICATION_LOOKING:
		lookup = &node->parts.lookups->slots[publication->lookup];
		if (lookup->phase != LOOKUP_FINDING)
			break; /* publish_placed() */
		lookup->version = publication->version;
		lookup->half_open = false;
		break;
	case PUBLICATION_HELD:
		publication->confirm = true;
		publish_slot_time(node, slot,
				  instant_after(now, PUBLISH_CONFIRM_NS));
		break;
	default: /* WAITING: replicas are missing */
		look(node, now, slot, outbox);
		break;
	}
}

int
publish_set(struct node *node, struct instant now,
	    const struct session_key *key, struct version version,
	    struct outbox *outbox)
{
	uint32_t slot = find(node, key);

	if (slot == PUBLICATION_NONE) {
		slot = add(node, key, false);
		if (slot == PUBLICATION_NONE)
			return -ENOSPC;
	} else {
		const struct publication *old = publish_slot_at(node, slot);
		bool ending = old->state == PUBLICATION_ENDING;
		bool half_open = old->half_open;

		if (!ending && !half_open &&
		    version_compare(version, old->version) < 0)
			return 0;
		if (!set_half_open(node, slot, false))
			return -ENOSPC;
		if (half_open && !ending) {
			confirm(node, now, slot, version, outbox);
			return 0;
		}
		renew(node, now, slot);
	}
	begin(node, now, slot, version, outbox);
	return 0;
}

/* How long a session that could not be placed waits for the next try: 1 s,
 * doubled each time, at most a tenth of the republishing time. A session that
 * opened during a short outage is soon found; a server cut off for long does
 * not flood. */
static int64_t
retry_ns(const struct node *node, struct publication *publication)
{
	int64_t distance_ns = wait_ns(node, publication->retries);

	if (publication->retries < PUBLISH_RETRIES_MAX)
		publication->retries++;
	return distance_ns;
}

/* When a publication that every replica has is next looked at. */
static struct instant
next_turn(const struct node *node, struct instant now,
	  const struct publication *publication)
{
	if (publication->half_open)
		return publication->lapses;
	return instant_after(now, publication->confirm
					  ? PUBLISH_CONFIRM_NS
					  : node->settings->republish_ns);
}

/* A replica knows a newer one: is it placed again, above that? */
static bool
place_again(struct node *node, struct instant now, uint32_t slot,
	    struct lookup *lookup)
{
	struct publication *publication = publish_slot_at(node, slot);

	if ((!publication->announce &&
	     publication->published.ns != INSTANT_NEVER.ns) ||
	    version_compare(lookup->newest, lookup->version) < 0 ||
	    !publish_batch_raise(node, now, slot, lookup->newest))
		return false;
	lookup->announce = false;
	publication->lookup = LOOKUP_NONE;
	publication->state = PUBLICATION_WAITING;
	publish_slot_time(node, slot, now);
	return true;
}

/* Who holds it besides the replicas has a copy: who was sent it and did not
 * answer, for what was lost may have been the answer; those that held it before
 * (`before`), but for the dead; stand-ins. The last are remembered longest. */
static void
set_copies(const struct node *node, struct publication *publication,
	   const struct lookup *lookup, const uint32_t *before, uint32_t held)
{
	struct publications *publications = node->parts.publications;

	publication->copy_count = 0;
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		const struct candidate *candidate = &lookup->candidates[i];

		if (candidate->holds && candidate->state != CANDIDATE_STORED)
			publication_copy(publications, publication,
					 candidate->peer);
	}
	for (uint32_t i = 0; i < held; i++) {
		const struct contact *contact =
			table_find(node->table, before[i]);

		if (contact == NULL || !contact_stale(contact))
			publication_copy(publications, publication, before[i]);
	}
	for (uint32_t i = 0; i < lookup->candidate_count; i++)
		if (lookup->candidates[i].state == CANDIDATE_STORED)
			publication_copy(publications, publication,
					 lookup->candidates[i].peer);
}

/* It is at the replicas that the lookup found. True: they are others than
 * before. */
static bool
set_replicas(struct node *node, struct instant now,
	     struct publication *publication, const struct lookup *lookup)
{
	uint32_t before[UINT8_MAX + PUBLICATION_COPIES];
	uint32_t held = publication->replica_count + publication->copy_count;
	uint32_t count = 0, known = publication->replica_count, same = 0;

	memcpy(before, publication->replicas, held * sizeof(before[0]));
	if (lookup->self == LOOKUP_HOLDING) {
		publication->replicas[count++] = node->self;
		/* By whom we know now: perhaps nobody, and those who are met
		 * next are to hold it, too. */
		neighbours_begin(node, now);
	}
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		if (count < node->settings->replicas &&
		    lookup->candidates[i].state == CANDIDATE_STORED)
			publication->replicas[count++] =
				lookup->candidates[i].peer;
	}
	for (uint32_t i = 0; i < count; i++) {
		keepers_keep(node, now, publication->replicas[i]);
		for (uint32_t j = 0; j < known; j++)
			same += before[j] == publication->replicas[i];
	}
	publication->replica_count = (uint8_t)count;
	set_copies(node, publication, lookup, before, held);
	return same < count || same < known;
}

void
publish_placed(struct node *node, struct instant now, struct lookup *lookup)
{
	uint32_t slot = lookup->publication;
	struct publication *publication = publish_slot_at(node, slot);

	assert(publication->state == PUBLICATION_LOOKING);
	if (place_again(node, now, slot, lookup))
		return;
	bool changed = set_replicas(node, now, publication, lookup);
	publication->announce = false;
	publication->lookup = LOOKUP_NONE;
	if (lookup->ok) {
		publication->state = PUBLICATION_HELD;
		publication->published = now;
		publication->retries = 0;
		struct instant anew = makeshift_placed(node, now, publication,
						       lookup, changed);
		/* Confirmed while it was being stored. */
		publication->confirm =
			lookup->half_open && !publication->half_open;
		publish_slot_time(
			node, slot,
			instant_min(anew, next_turn(node, now, publication)));
	} else {
		publication->state = PUBLICATION_WAITING;
		makeshift_failed(node, publication, lookup);
		publish_slot_time(
			node, slot,
			instant_after(now, retry_ns(node, publication)));
	}
}

/* --- the end of a session ------------------------------------------------ */

/* A REMOVE to the replicas that were sent none yet. False: batches are full,
 * and the timer stays due. */
static bool
end(struct node *node, struct instant now, uint32_t slot, struct outbox *outbox)
{
	struct publication *publication = publish_slot_at(node, slot);

	while (publication->replica_count + publication->copy_count > 0) {
		bool copy = publication->copy_count > 0;
		uint32_t peer =
			publication->replicas[publication->replica_count +
					      publication->copy_count - 1];

		if (peer == node->self) {
			owned_end(node, now, &publication->key,
				  publication->version);
		} else if (!publish_batch_remove(node, now, slot, peer, copy,
						 outbox)) {
			publish_slot_time(node, slot, now);
			node->publish_pause =
				instant_after(now, PUBLISH_RETRY_NS);
			return false;
		}
		publication->copy_count -= copy;
		publication->replica_count -= !copy;
	}
	publish_slot_untime(node, slot);
	if (publication->pending == 0)
		publish_batch_settle(node, now, slot);
	return true;
}

/* To those that held it before, add those that may hold what a running
 * lookup has stored so far. */
static void
add_stored(struct node *node, struct publication *publication)
{
	const struct lookup *lookup =
		&node->parts.lookups->slots[publication->lookup];

	if (lookup->self == LOOKUP_HOLDING)
		publication_copy(node->parts.publications, publication,
				 node->self);
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		if (lookup->candidates[i].holds)
			publication_copy(node->parts.publications, publication,
					 lookup->candidates[i].peer);
	}
}

int
publish_remove(struct node *node, struct instant now,
	       const struct session_key *key, bool announce,
	       struct outbox *outbox)
{
	uint32_t slot = find(node, key);

	if (slot == PUBLICATION_NONE ||
	    publish_slot_at(node, slot)->state == PUBLICATION_ENDING)
		return -ENOENT;
	struct publication *publication = publish_slot_at(node, slot);
	if (publication->half_open && !announce) {
		drop(node, now, slot);
		return 0;
	}
	if (publication->state == PUBLICATION_LOOKING) {
		add_stored(node, publication);
		lookup_run_cancel(node, now, publication->lookup, true);
	}
	publication_renew(node->parts.publications, slot);
	publication->state = PUBLICATION_ENDING;
	publication->announce = announce;
	end(node, now, slot, outbox);
	return 0;
}

/* --- republishing -------------------------------------------------------- */

/* Keep our own record. False: our store is full, or others are closer. */
static bool
hold(struct node *node, struct instant now,
     const struct publication *publication)
{
	return owned_hold(node, now, &publication->key, publication->version,
			  false) &&
	       table_closer_count(node->table, publication->position) <
		       node->settings->replicas;
}

/* Take into the load the STOREs that its replicas are to be sent. */
static void
refresh(struct node *node, struct instant now, uint32_t slot,
	struct publish_load *load)
{
	struct publication *publication = publish_slot_at(node, slot);
	uint32_t before = load->count;
	bool confirm = publication->confirm;
	uint32_t held = publication->replica_count;
	bool due = publication->timer.when.ns >=
		   instant_after(publication->published,
				 node->settings->republish_ns)
			   .ns;
	uint32_t again = confirm || due ? 0 : publication->again;

	if (confirm)
		held += publication->copy_count;
	publish_slot_untime(node, slot);
	publication_renew(node->parts.publications, slot);
	publication->confirm = confirm;
	publication->again = again;
	publication->state = PUBLICATION_REFRESHING;
	/* Who has a copy is told that the handshake is over, no more. */
	for (uint32_t i = 0; i < held; i++) {
		uint32_t peer = publication->replicas[i];
		bool copy = i >= publication->replica_count;

		if (again != 0 && (again >> i & 1) == 0)
			continue;
		if (peer != node->self)
			load->pairs[load->count++] = (struct publish_pair){
				.peer = peer,
				.publication = slot,
				.copy = copy,
			};
		else if (!hold(node, now, publication) && !copy)
			publication->lost = true; /* as full or moved */
	}
	if (load->count == before)
		publish_batch_settle(node, now, slot);
}

/* Does the load take it along? What is to be confirmed goes with anything, and
 * takes along nothing else, or each confirmation would bring the next
 * republishing forward. */
static bool
may_go(const struct node *node, struct instant now,
       const struct publication *publication, struct publish_load *load)
{
	struct instant horizon =
		instant_after(now, node->settings->republish_ns / 8);

	if (publication->confirm || publication->again != 0)
		return true;
	load->due |= publication->timer.when.ns <= now.ns;
	return load->due && publication->timer.when.ns <= horizon.ns;
}

/* The heap's first, if it is due, or may go with others that are. False: it is
 * not, or it has to wait for a pool. */
static bool
expire_first(struct node *node, struct instant now, struct publish_load *load,
	     struct outbox *outbox)
{
	struct batches *batches = node->parts.publications->batches;
	uint32_t slot = node->publication_timers;
	uint32_t room = batches_free(batches);

	if (slot == TIMER_NONE)
		return false;
	const struct publication *publication = publish_slot_at(node, slot);
	bool anew = publication->state == PUBLICATION_HELD && publication->anew;
	if (!anew && publication->half_open &&
	    publication->state == PUBLICATION_HELD) {
		if (publication->timer.when.ns > now.ns)
			return false;
		drop(node, now, slot);
		return true;
	}
	if (!anew && publication->state == PUBLICATION_HELD) {
		if (!may_go(node, now, publication, load))
			return false;
		if (room > PUBLISH_LOAD)
			room = PUBLISH_LOAD;
		if (load->count + publication->replica_count +
			    publication->copy_count >
		    room) {
			node->publish_pause = instant_after(
				now, load->count > 0 ? PUBLISH_PACE_NS
						     : PUBLISH_RETRY_NS);
			return false;
		}
		refresh(node, now, slot, load);
		return true;
	}
	/* A lookup or an end may take batches that the load counts on. */
	if (load->count > 0 || publication->timer.when.ns > now.ns)
		return false;
	if (publication->state == PUBLICATION_ENDING)
		return end(node, now, slot, outbox);
	return look(node, now, slot, outbox);
}

struct instant
publish_deadline(const struct node *node)
{
	struct publications *publications = node->parts.publications;
	struct instant due = timer_first(publications_timers(publications),
					 node->publication_timers);

	if (instant_before(due, node->publish_pause))
		due = node->publish_pause;
	return instant_min(due,
			   timer_first(batches_timers(publications->batches),
				       node->batch_timers));
}

void
publish_expire(struct node *node, struct instant now, struct outbox *outbox)
{
	struct timer_pool pool = publications_timers(node->parts.publications);
	struct publish_load load;

	publish_batch_expire(node, now, outbox);
	if (now.ns < node->publish_pause.ns ||
	    timer_first(pool, node->publication_timers).ns > now.ns)
		return;
	load.count = 0;
	load.due = false;
	while (expire_first(node, now, &load, outbox))
		;
	publish_batch_send(node, now, &load, outbox);
}

void
publish_forget(struct node *node)
{
	struct lookups *lookups = node->parts.lookups;
	uint32_t slot;

	/* A publication is in the heap, in batches, or has a lookup. */
	publish_batch_forget(node);
	while ((slot = node->publication_timers) != TIMER_NONE)
		publish_slot_give(node, slot);
	for (slot = node->lookup_timers; slot != TIMER_NONE;
	     slot = timer_next(lookups_timers(lookups), slot)) {
		const struct lookup *lookup = &lookups->slots[slot];

		if (lookup->kind == LOOKUP_SET)
			publish_slot_give(node, lookup->publication);
	}
}
