/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stock.c - see stock.h */
#include "live/engine/stock.h"

#include "live/engine/handshake.h"

static struct version
version_at(const struct stock *stock, struct instant at)
{
	return (struct version){
		.established_ns = at.ns + stock->wall->offset_ns,
	};
}

/* What is refused, for its network has its fill, keeps no place that others
 * need: the next dump finds it again. */
static void
publish(struct stock *stock, struct instant now, const struct session_key *key,
	struct version version)
{
	if (steer_opened(stock->memory->steer, now, key, version,
			 &stock->memory->outbox) == 0)
		return;
	stock->counters->unpublished++;
	(void)sessions_remove(stock->sessions, key);
}

static void
publish_later(struct stock *stock, struct instant now,
	      const struct session_key *key, struct version version)
{
	int64_t wait_ns = stock->conf->steer.store_after_ns;

	if (wait_ns <= 0 ||
	    !delay_list_add(stock->memory->unpublished,
			    instant_after(now, wait_ns), key, version))
		publish(stock, now, key, version);
}

static void
withdraw(struct stock *stock, struct instant now, const struct session_key *key)
{
	(void)delay_list_remove(stock->memory->unpublished, key);
	(void)delay_list_remove(stock->memory->lingering, key);
	/* -ENOENT: it was never published. */
	(void)steer_closed(stock->memory->steer, now, key,
			   &stock->memory->outbox);
}

static void
linger(struct stock *stock, struct instant now, const struct session_key *key)
{
	(void)delay_list_remove(stock->memory->unpublished, key);
	if (delay_list_add(stock->memory->lingering,
			   instant_after(now, stock->conf->linger_ns), key,
			   (struct version){ .established_ns = 0 }))
		return;
	(void)sessions_remove(stock->sessions, key);
	withdraw(stock, now, key);
}

static void
count_closed(struct stock *stock, struct instant at,
	     const struct session_key *key)
{
	stock->counters->closed++;
	notify_session(stock->notify, at, REPORT_CLOSED, key);
}

/* ---- events ---- */

static void
opened(struct stock *stock, struct instant now,
       const struct socket_event *event)
{
	struct version version = version_at(stock, event->at);

	stock->counters->opened++;
	notify_session(stock->notify, event->at, REPORT_OPENED, &event->key);
	(void)delay_list_remove(stock->memory->lingering, &event->key);
	handshake_end(stock->memory, &event->key);
	if (sessions_renew(stock->sessions, &event->key, version) != 0) {
		stock->counters->unpublished++;
		return;
	}
	publish_later(stock, now, &event->key, version);
}

static void
closed(struct stock *stock, struct instant now, const struct session_key *key,
       struct instant at)
{
	/* If it lingered, its end was reported then. */
	bool lingered = delay_list_remove(stock->memory->lingering, key);

	if (sessions_remove(stock->sessions, key) && !lingered)
		count_closed(stock, at, key);
	withdraw(stock, now, key);
}

/* A SYN was answered at that version; by another socket than that of a session
 * that opened before. A session of a later version than now is of a clock that
 * was set back since. */
static void
opening(struct stock *stock, struct instant now, const struct session_key *key,
	struct version version)
{
	struct version known;

	if (sessions_version(stock->sessions, key, &known)) {
		if (version_compare(known, version) >= 0 &&
		    version_compare(known, version_at(stock, now)) <= 0)
			return;
		closed(stock, now, key, now);
	}
	handshake_begin(stock->memory, now, key, version);
}

/* The key has another socket since: its last session's end was known by that.
 */
static bool
is_followed(const struct stock *stock, const struct socket_event *event)
{
	struct version owned;

	return !sessions_has(stock->sessions, &event->key) &&
	       node_owns(stock->memory->node, &event->key, &owned) &&
	       version_compare(owned, version_at(stock, event->at)) > 0;
}

void
stock_event(struct stock *stock, struct instant now,
	    const struct socket_event *event)
{
	switch (event->change) {
	case SOCKET_OPENING:
		opening(stock, now, &event->key, version_at(stock, event->at));
		break;
	case SOCKET_OPENED:
		opened(stock, now, event);
		break;
	case SOCKET_CLOSED:
		if (!is_followed(stock, event))
			closed(stock, now, &event->key, event->at);
		break;
	case SOCKET_LINGERS:
		if (!sessions_linger(stock->sessions, &event->key))
			break;
		count_closed(stock, event->at, &event->key);
		linger(stock, now, &event->key);
		break;
	}
}

/* ---- the dump ---- */

void
stock_found(struct stock *stock, struct instant now,
	    const struct session_key *key, enum sockdiag_state state)
{
	struct version version = version_at(stock, now), owned;
	int64_t wall_ns = version.established_ns;
	bool lingers = state == SOCKDIAG_WAITS;
	bool lingered = sessions_lingers(stock->sessions, key);

	/* Its SYN was answered before: so it is older than what the same dump
	 * finds open a moment later. */
	if (state == SOCKDIAG_HALF) {
		version.established_ns--;
		opening(stock, now, key, version);
		return;
	}
	/* A socket that lingers gets no new entry, but an entry that the table
	 * has stays. */
	if (lingers && !sessions_has(stock->sessions, key))
		return;
	if (sessions_put(stock->sessions, key, &version) != 0) {
		stock->counters->unpublished++;
		return;
	}
	if (!lingers)
		(void)delay_list_remove(stock->memory->lingering, key);
	if (lingers) {
		if (!lingered)
			count_closed(stock, now, key);
		if (sessions_linger(stock->sessions, key))
			linger(stock, now, key);
		return;
	}
	if (node_owns(stock->memory->node, key, &owned) &&
	    version_compare(owned, version) == 0)
		return;
	if (wall_ns - version.established_ns >=
	    stock->conf->steer.store_after_ns)
		publish(stock, now, key, version);
	else
		publish_later(stock, now, key, version);
}

void
stock_gone(struct stock *stock, struct instant now,
	   const struct session_key *key)
{
	if (!delay_list_remove(stock->memory->lingering, key))
		count_closed(stock, now, key);
	withdraw(stock, now, key);
}

/* ---- time ---- */

struct instant
stock_deadline(const struct stock *stock)
{
	const struct core_memory *memory = stock->memory;

	return instant_min(delay_list_due(memory->handshakes),
			   instant_min(delay_list_due(memory->unpublished),
				       delay_list_due(memory->lingering)));
}

bool
stock_expire(struct stock *stock, struct instant now)
{
	struct core_memory *memory = stock->memory;
	struct session_key key;
	struct version version;

	if (delay_list_take(memory->unpublished, now, &key, &version)) {
		publish(stock, now, &key, version);
		return true;
	}
	if (handshake_expire(memory, stock->sessions, stock->edge, now))
		return true;
	if (!delay_list_take(memory->lingering, now, &key, &version))
		return false;
	(void)sessions_remove(stock->sessions, &key);
	withdraw(stock, now, &key);
	return true;
}
