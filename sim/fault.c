/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.c - one item a line of the scenario, one event a step of an item
 *
 *	BEGIN --> (retry) CHECK --> strayed: it counts
 *	  |		       \--> missed: undo, AGAIN: another link
 *	  |--> (flap) FLIP, FLIP ...
 *	  `--> (until) END
 */
#include "sim/fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/random_stream.h"
#include "sim/model/fault_kind.h"
#include "sim/net/path.h"

enum step {
	STEP_BEGIN,
	STEP_CHECK, /* did the cut stray its session? */
	STEP_AGAIN, /* cut another */
	STEP_FLIP, /* flap */
	STEP_CHURN, /* a churning server changes sides (b = which) */
	STEP_END
};

struct item {
	const struct fault_settings *fault;
	uint32_t device, link; /* of a named target; UINT32_MAX */
	bool down; /* what it broke is broken now */
	/* A path target: */
	bool on_path;
	bool tried[PATH_TIERS];
	uint32_t flow;
	uint64_t strays; /* of the flow when it was cut */
	struct instant cut_at;
	bool settled; /* it counted, or every tier was tried */
};

struct faults {
	const struct settings *settings;
	struct queue *queue;
	struct network *network;
	const struct watch *watch;
	struct workload *workload;
	struct servers *servers;
	struct rng rng;
	uint32_t next_join; /* the next server that was not there */
	struct item *items;
};

uint32_t
faults_joining(const struct settings *settings)
{
	uint32_t joining = 0;

	for (uint32_t i = 0; i < settings->fault_count; i++)
		if (settings->faults[i].kind == FAULT_JOIN)
			joining += settings->faults[i].count > 0
					   ? settings->faults[i].count
					   : 1;
	return joining;
}

/* ---- targets ---- */

/* A sentence about what is wrong with the item's target, or NULL. */
static const char *
resolve(struct faults *faults, struct item *item)
{
	const struct fault_settings *fault = item->fault;
	bool uniform = faults->settings->fabric.kind == FABRIC_UNIFORM;
	enum fault_target wanted = fault_trait(fault->kind)->target;
	enum path_tier tier;

	item->device = item->link = UINT32_MAX;
	if (!fault_trait(fault->kind)->simulated)
		return "not in the simulator";
	if (uniform &&
	    (wanted == FAULT_TARGET_LINK || wanted == FAULT_TARGET_ROUTER ||
	     fault->kind == FAULT_PARTITION))
		return "a uniform fabric has no links or routers";
	if (wanted == FAULT_TARGET_LINK) {
		item->on_path = strcmp(fault->target, "path") == 0 ||
				path_tier_parse(fault->target, &tier);
		if (item->on_path && fault->period_ns > 0)
			return "only a link with a name can flap";
		if (item->on_path)
			return NULL;
		item->link = network_link_find(faults->network, fault->target);
		return item->link == UINT32_MAX ? "no such link" : NULL;
	}
	if (wanted == FAULT_TARGET_NONE)
		return NULL;
	item->device = network_device_find(faults->network, fault->target);
	if (item->device == UINT32_MAX)
		return "no such device";
	uint32_t servers = faults->settings->fabric.servers;
	uint32_t hosts = servers + faults->settings->fabric.clients;
	if (wanted == FAULT_TARGET_SERVER ? item->device >= servers
					  : item->device < hosts)
		return "a device of another kind";
	return NULL;
}

int
faults_create(struct faults **created, const struct settings *settings,
	      uint32_t joining, struct queue *queue, struct network *network,
	      const struct watch *watch, struct workload *workload,
	      struct servers *servers, char *error, size_t error_size)
{
	struct faults *faults = calloc(1, sizeof(*faults));

	if (faults == NULL)
		abort();
	*faults = (struct faults){
		.settings = settings,
		.queue = queue,
		.network = network,
		.watch = watch,
		.workload = workload,
		.servers = servers,
		.rng = stream_rng(settings->seed, STREAM_FAULT, 0),
		.next_join = settings->fabric.servers - joining,
		.items = calloc((size_t)settings->fault_count + 1,
				sizeof(struct item)),
	};
	if (faults->items == NULL)
		abort();
	for (uint32_t i = 0; i < settings->fault_count; i++) {
		struct item *item = &faults->items[i];
		item->fault = &settings->faults[i];
		const char *wrong = resolve(faults, item);
		if (wrong == NULL)
			continue;
		(void)snprintf(error, error_size, "event %u, %s '%s': %s",
			       i + 1, fault_name(item->fault->kind),
			       item->fault->target, wrong);
		faults_destroy(faults);
		return -EINVAL;
	}
	*created = faults;
	return 0;
}

void
faults_destroy(struct faults *faults)
{
	if (faults == NULL)
		return;
	free(faults->items);
	free(faults);
}

/* ---- the schedule ---- */

static void
schedule(struct faults *faults, const struct item *item, enum step step,
	 int64_t delay_ns, uint32_t b)
{
	uint32_t index = (uint32_t)(item - faults->items);
	struct event event = {
		.destination = index,
		.class = EVENT_TIMER,
		.kind = EVENT_FAULT,
		.code = (uint16_t)step,
		.b = b,
	};

	queue_schedule(faults->queue, index, delay_ns > 0 ? delay_ns : 0,
		       &event);
}

void
faults_start(struct faults *faults)
{
	for (uint32_t i = 0; i < faults->settings->fault_count; i++) {
		const struct item *item = &faults->items[i];
		schedule(faults, item, STEP_BEGIN, item->fault->at_ns, 0);
		if (item->fault->until_ns > item->fault->at_ns)
			schedule(faults, item, STEP_END, item->fault->until_ns,
				 0);
	}
}

static void
report(const struct faults *faults, struct instant at, const char *kind,
       const char *target)
{
	if (faults->watch->fault != NULL)
		faults->watch->fault(faults->watch->context, at, kind, target);
}

static void
report_link(const struct faults *faults, struct instant at, const char *kind,
	    uint32_t link)
{
	char name[64];

	network_link_name(faults->network, link, name, sizeof(name));
	report(faults, at, kind, name);
}

/* ---- links ---- */

static void
break_link(struct faults *faults, struct item *item)
{
	network_link_set(faults->network, item->link,
			 item->fault->kind == FAULT_LINK_SILENT ? LINK_SILENT
								: LINK_DOWN);
	item->down = true;
}

static void
mend_link(struct faults *faults, struct item *item)
{
	network_link_set(faults->network, item->link, LINK_UP);
	item->down = false;
}

/* Session 0, or the first that is still open. */
static bool
path_of_session(struct faults *faults, struct item *item, struct path *path)
{
	uint32_t count = workload_count(faults->workload);

	for (uint32_t flow = 0; flow < count; flow++) {
		const struct session *session =
			workload_session(faults->workload, flow);
		if (session->state != SESSION_OPEN)
			continue;
		item->flow = flow;
		item->strays = session->strays;
		return path_find(
			faults->network,
			network_client_device(faults->network, session->client),
			&session->key, path);
	}
	return false;
}

/* The wanted tier first; then, or for "path", a random one not yet tried. */
static uint32_t
choose_link(struct faults *faults, struct item *item, const struct path *path)
{
	enum path_tier tier, left[PATH_TIERS];
	uint32_t count = 0;

	if (path_tier_parse(item->fault->target, &tier) && !item->tried[tier] &&
	    path->links[tier] != UINT32_MAX) {
		item->tried[tier] = true;
		return path->links[tier];
	}
	for (unsigned i = 0; i < PATH_TIERS; i++)
		if (!item->tried[i] && path->links[i] != UINT32_MAX)
			left[count++] = (enum path_tier)i;
	if (count == 0)
		return UINT32_MAX;
	tier = left[rng_below(&faults->rng, count)];
	item->tried[tier] = true;
	return path->links[tier];
}

static void
cut_path(struct faults *faults, struct item *item, struct instant now)
{
	struct path path;
	char missed[64];

	item->link = UINT32_MAX;
	if (path_of_session(faults, item, &path))
		item->link = choose_link(faults, item, &path);
	if (item->link == UINT32_MAX) {
		item->settled = true;
		(void)snprintf(missed, sizeof(missed), "%s_missed",
			       fault_name(item->fault->kind));
		report(faults, now, missed, item->fault->target);
		return;
	}
	item->cut_at = now;
	workload_fault(faults->workload, now, true);
	break_link(faults, item);
	if (item->fault->retry_after_ns > 0) {
		schedule(faults, item, STEP_CHECK, item->fault->retry_after_ns,
			 0);
		return;
	}
	item->settled = true;
	report_link(faults, now, fault_name(item->fault->kind), item->link);
}

/* Until the slowest router has its routes back. */
static int64_t
restored_after_ns(const struct faults *faults)
{
	const struct routing_settings *routing = &faults->settings->routing;

	return routing->restore.high_ns + 4 * routing->hop.high_ns +
	       100 * NS_PER_MS;
}

static void
check(struct faults *faults, struct item *item)
{
	const struct session *session =
		workload_session(faults->workload, item->flow);
	const char *kind = fault_name(item->fault->kind);
	char missed[64];

	if (item->settled)
		return;
	if (session->strays > item->strays) {
		item->settled = true;
		report_link(faults, item->cut_at, kind, item->link);
		return;
	}
	(void)snprintf(missed, sizeof(missed), "%s_missed", kind);
	report_link(faults, item->cut_at, missed, item->link);
	workload_fault_missed(faults->workload);
	if (item->down)
		mend_link(faults, item);
	schedule(faults, item, STEP_AGAIN, restored_after_ns(faults), 0);
}

/* ---- partition ---- */

/* Routers of the second half, by their number among all of their tier. */
static bool
second_half(uint32_t index, uint32_t count)
{
	return 2 * index >= count && count > 1;
}

static void
set_named_link(struct faults *faults, const char *upper, uint32_t upper_index,
	       const char *lower, uint32_t lower_index,
	       enum network_link_state state)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s%u-%s%u", upper, upper_index + 1,
		       lower, lower_index + 1);
	uint32_t link = network_link_find(faults->network, name);
	if (link != UINT32_MAX)
		network_link_set(faults->network, link, state);
}

static void
split(struct faults *faults, enum network_link_state state)
{
	const struct fabric_settings *fabric = &faults->settings->fabric;
	uint32_t exits = fabric->exits;
	uint32_t spines = fabric->spines * fabric->pods;
	uint32_t leaves = fabric->leaves * fabric->pods;

	for (uint32_t i = 0; i < exits; i++) {
		if (second_half(i, exits))
			set_named_link(faults, "edge", 0, "exit", i, state);
		for (uint32_t j = 0; j < spines; j++)
			if (second_half(i, exits) != second_half(j, spines))
				set_named_link(faults, "exit", i, "spine", j,
					       state);
	}
	for (uint32_t i = 0; i < spines; i++)
		for (uint32_t j = 0; j < leaves; j++)
			if (second_half(i, spines) != second_half(j, leaves))
				set_named_link(faults, "spine", i, "leaf", j,
					       state);
}

/* ---- servers ---- */

static void
join_some(struct faults *faults, const struct item *item, struct instant now)
{
	uint32_t count = item->fault->count > 0 ? item->fault->count : 1;

	for (uint32_t i = 0;
	     i < count && faults->next_join < faults->servers->count; i++) {
		uint32_t server = faults->next_join++;
		workload_changed(faults->workload);
		servers_up(faults->servers, now, server);
		report(faults, now, "join",
		       network_device_name(faults->network, server));
	}
}

static void
churn_begin(struct faults *faults, const struct item *item)
{
	uint32_t count = item->fault->count > 0 ? item->fault->count : 1;
	int64_t mean =
		item->fault->period_ns > 0 ? item->fault->period_ns : NS_PER_S;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t server = servers_random(faults->servers, &faults->rng);
		if (server != WATCH_NONE)
			schedule(faults, item, STEP_CHURN,
				 rng_exponential(&faults->rng, mean), server);
	}
}

static void
churn(struct faults *faults, const struct item *item, struct instant now,
      uint32_t server)
{
	int64_t mean =
		item->fault->period_ns > 0 ? item->fault->period_ns : NS_PER_S;
	bool alive = faults->servers->servers[server].alive;
	const char *name = network_device_name(faults->network, server);

	if (alive && item->down) {
		servers_crash(faults->servers, server);
		report(faults, now, "server_crash", name);
	} else if (!alive) {
		servers_up(faults->servers, now, server);
		report(faults, now, "server_up", name);
	}
	/* After the end those that are down still come back. */
	if (item->down || !faults->servers->servers[server].alive)
		schedule(faults, item, STEP_CHURN,
			 rng_exponential(&faults->rng, mean), server);
}

/* ---- steps ---- */

/* Do what a kind says to the item's target; true when it harms. */
static bool
apply(struct faults *faults, struct item *item, enum fault_kind kind,
      struct instant now)
{
	switch (kind) {
	case FAULT_LINK_DOWN:
	case FAULT_LINK_SILENT:
		break_link(faults, item);
		return true;
	case FAULT_LINK_UP:
		mend_link(faults, item);
		return false;
	case FAULT_ROUTER_DOWN:
		network_device_set(faults->network, item->device, false);
		return true;
	case FAULT_ROUTER_UP:
		network_device_set(faults->network, item->device, true);
		return false;
	case FAULT_SERVER_CRASH:
		servers_crash(faults->servers, item->device);
		return true;
	case FAULT_SERVER_UP:
		servers_up(faults->servers, now, item->device);
		return false;
	case FAULT_DRAIN:
		servers_drain(faults->servers, item->device, true);
		return true;
	case FAULT_UNDRAIN:
		servers_drain(faults->servers, item->device, false);
		return false;
	case FAULT_LEAVE:
		servers_leave(faults->servers, now, item->device);
		return true;
	case FAULT_PARTITION:
		split(faults, LINK_DOWN);
		return true;
	case FAULT_MERGE:
		split(faults, LINK_UP);
		return false;
	default: /* JOIN and CHURN have steps of their own */
		return false;
	}
}

static void
report_item(const struct faults *faults, const struct item *item,
	    enum fault_kind kind, struct instant now)
{
	if (item->link != UINT32_MAX)
		report_link(faults, now, fault_name(kind), item->link);
	else if (item->device != UINT32_MAX)
		report(faults, now, fault_name(kind),
		       network_device_name(faults->network, item->device));
	else
		report(faults, now, fault_name(kind), item->fault->target);
}

static void
act(struct faults *faults, struct item *item, enum fault_kind kind,
    struct instant now)
{
	const struct fault_trait *trait = fault_trait(kind);

	if (trait->harms)
		workload_fault(faults->workload, now, trait->detects);
	else
		workload_changed(faults->workload);
	item->down = apply(faults, item, kind, now);
	report_item(faults, item, kind, now);
}

static void
begin(struct faults *faults, struct item *item, struct instant now)
{
	const struct fault_settings *fault = item->fault;

	if (fault->kind == FAULT_JOIN) {
		join_some(faults, item, now);
		return;
	}
	if (fault->kind == FAULT_CHURN) {
		item->down = true;
		churn_begin(faults, item);
		return;
	}
	if (item->on_path && fault->kind != FAULT_LINK_UP) {
		cut_path(faults, item, now);
		return;
	}
	if (item->on_path) {
		/* What an earlier item cut on the path comes back. */
		for (uint32_t i = 0; i < faults->settings->fault_count; i++)
			if (faults->items[i].on_path && faults->items[i].down)
				act(faults, &faults->items[i], FAULT_LINK_UP,
				    now);
		return;
	}
	act(faults, item, fault->kind, now);
	if (fault->period_ns > 0 &&
	    fault_trait(fault->kind)->undo != fault->kind)
		schedule(faults, item, STEP_FLIP, fault->period_ns / 2, 0);
}

static void
flip(struct faults *faults, struct item *item, struct instant now)
{
	enum fault_kind kind = item->fault->kind;

	if (item->settled) /* it has ended */
		return;
	act(faults, item, item->down ? fault_trait(kind)->undo : kind, now);
	schedule(faults, item, STEP_FLIP, item->fault->period_ns / 2, 0);
}

static void
end(struct faults *faults, struct item *item, struct instant now)
{
	enum fault_kind undo = fault_trait(item->fault->kind)->undo;

	if (item->fault->kind == FAULT_CHURN) {
		item->down = false;
		return;
	}
	if (item->on_path && item->down)
		check(faults, item); /* did it count? Now or never */
	item->settled = true;
	if (item->down && undo != item->fault->kind)
		act(faults, item, undo, now);
}

void
faults_event(struct faults *faults, struct instant now,
	     const struct event *event)
{
	struct item *item = &faults->items[event->destination];

	switch ((enum step)event->code) {
	case STEP_BEGIN:
		begin(faults, item, now);
		break;
	case STEP_CHECK:
		check(faults, item);
		break;
	case STEP_AGAIN:
		if (!item->settled)
			cut_path(faults, item, now);
		break;
	case STEP_FLIP:
		flip(faults, item, now);
		break;
	case STEP_CHURN:
		churn(faults, item, now, event->b);
		break;
	case STEP_END:
		end(faults, item, now);
		break;
	}
}
