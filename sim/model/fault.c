/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.c - one item a line of the scenario, one event a step of an item
 *
 *	BEGIN --> path? path_find --> faults_path() --> (retry) CHECK
 *	  |		CHECK --> strayed: it counts
 *	  |		      \-> missed: undo, restore, AGAIN: another link
 *	  |--> (flap) FLIP, FLIP ...
 *	  |--> (each) EACH, EACH ... --> (for) UNDO, a target each
 *	  `--> (until) END
 */
#include "sim/model/fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/memory.h"
#include "sim/model/churn.h"
#include "sim/model/fault_action.h"
#include "sim/model/fault_aim.h"
#include "sim/model/fault_churn.h"
#include "sim/model/fault_kind.h"
#include "sim/model/fault_miss.h"
#include "sim/model/fault_sequence.h"
#include "sim/model/fault_target.h"
#include "sim/model/link_layers.h"
#include "sim/model/partition.h"
#include "sim/model/tier.h"

/* Codes of EVENT_FAULT: they are part of a run's state hash. Those of
 * fault_churn.h are above them. */
enum step {
	STEP_BEGIN,
	STEP_CHECK, /* did the cut stray its session? */
	STEP_AGAIN, /* cut another */
	STEP_FLIP, /* flap */
	STEP_END = 5,
	STEP_EACH, /* strike again */
	STEP_UNDO /* what one member of the set suffered (b = which) */
};

struct item {
	const struct fault_settings *fault;
	struct fault_aim aim; /* what it may strike, and has */
	uint32_t device, link; /* that an order is about; FABRIC_NONE */
	/* A path target: */
	bool on_path;
	bool down; /* the link that it cut is cut now */
	bool cut; /* it has cut one */
	bool tried[PATH_TIERS];
	uint32_t flow;
	struct fault_churn *churn; /* of that kind; else NULL */
	uint64_t strays; /* of the flow when it was cut */
	struct instant cut_at;
	bool settled; /* it counted, or every tier was tried */
};

struct faults {
	struct fault_world world;
	struct instant zero; /* of the items' times */
	uint32_t next_join; /* the next server that was not there */
	struct item *items;
	uint32_t *chosen; /* members of one item, room for the largest set */
	struct link_layers *layers; /* what was done to links */
};

uint32_t
faults_joining(const struct settings *settings)
{
	/* Neither this sum nor that with fabric.servers may come round. */
	const uint64_t too_many = FABRIC_SERVERS_MAX + 1;
	uint64_t joining = 0;

	for (uint32_t i = 0; i < settings->fault_count; i++) {
		const struct fault_settings *fault = &settings->faults[i];

		if (fault->kind == FAULT_JOIN)
			joining += fault->count > 0 ? fault->count : 1;
		joining += fault_sequence_spares(fault);
		joining +=
			churn_spares(settings, fault, settings->fabric.servers);
	}
	return (uint32_t)(joining < too_many ? joining : too_many);
}

struct fabric_settings
faults_fabric(const struct settings *settings)
{
	struct fabric_settings whole = settings->fabric;

	whole.later = faults_joining(settings);
	whole.servers += whole.later;
	return whole;
}

/* ---- targets ---- */

/* A sentence about what is wrong with the item's target, or NULL. */
static const char *
resolve(const struct fault_world *world, struct item *item, uint32_t index,
	struct fault_set *set)
{
	const struct fault_settings *fault = item->fault;
	const struct fault_kind_trait *trait = fault_kind_trait(fault->kind);
	enum fault_target wanted = trait->target;
	const char *wrong = "";

	if (!(world->live ? trait->live : trait->simulated))
		return world->live ? "not in a lab" : "not in the simulator";
	if (world->fabric->settings.kind == FABRIC_UNIFORM &&
	    (wanted == FAULT_TARGET_LINK || wanted == FAULT_TARGET_ROUTER ||
	     fault->kind == FAULT_PARTITION))
		return "a uniform fabric has no links or routers";
	item->on_path =
		wanted == FAULT_TARGET_LINK && fault_target_is_path(fault);
	if (item->on_path && (fault->period_ns > 0 || fault->each_ns > 0))
		return "only a link with a name can flap";
	enum fault_target_error error = fault_target_find(
		world->fabric, world->settings, index, set, &wrong);
	return fault_target_sentence(wanted, error, wrong);
}

/* Room and books that some items need. */
static void
faults_fill(struct faults *faults)
{
	const struct settings *settings = faults->world.settings;
	uint32_t most = 1;

	for (uint32_t i = 0; i < settings->fault_count; i++) {
		uint32_t count = faults->items[i].aim.set.count;

		most = count > most ? count : most;
	}
	if (settings->fault_count > 0)
		faults->layers =
			link_layers_create(faults->world.fabric, settings);
	faults->chosen = memory_zeroed(most, sizeof(faults->chosen[0]));
}

/* Spare servers are the last ones, item after item. */
static void
make_churns(struct faults *faults)
{
	const struct settings *settings = faults->world.settings;
	uint32_t present = faults->next_join;
	uint32_t spare = settings->fabric.servers;

	for (uint32_t i = settings->fault_count; i-- > 0;) {
		const struct fault_settings *fault = &settings->faults[i];

		if (fault->kind != FAULT_CHURN)
			continue;
		spare -= churn_spares(settings, fault, present);
		faults->items[i].churn =
			fault_churn_create(&faults->world, i, present, spare);
	}
}

int
faults_create(struct faults **created, const struct fault_world *world,
	      char *error, size_t error_size)
{
	const struct settings *settings = world->settings;
	struct faults *faults = memory_zeroed(1, sizeof(*faults));

	faults->world = *world;
	faults->next_join = settings->fabric.servers - world->joining;
	faults->items = memory_zeroed((size_t)settings->fault_count + 1,
				      sizeof(struct item));
	for (uint32_t i = 0; i < settings->fault_count; i++) {
		struct item *item = &faults->items[i];
		char target[FAULT_TARGET_BYTES];
		item->fault = &settings->faults[i];
		struct fault_set set = { .members = NULL };
		const char *wrong = resolve(world, item, i, &set);
		item->device = item->link = FABRIC_NONE;
		fault_aim_init(&item->aim, set);
		if (wrong == NULL)
			continue;
		fault_target_text(settings, item->fault, target);
		(void)snprintf(error, error_size, "event %u, %s '%s': %s",
			       i + 1, fault_name(item->fault->kind), target,
			       wrong);
		faults_destroy(faults);
		return -EINVAL;
	}
	faults_fill(faults);
	make_churns(faults);
	*created = faults;
	return 0;
}

void
faults_destroy(struct faults *faults)
{
	if (faults == NULL)
		return;
	for (uint32_t i = 0; i < faults->world.settings->fault_count; i++) {
		fault_aim_release(&faults->items[i].aim);
		fault_churn_destroy(faults->items[i].churn);
	}
	link_layers_destroy(faults->layers);
	free(faults->chosen);
	free(faults->items);
	free(faults);
}

bool
faults_away(const struct faults *faults, uint32_t server)
{
	for (uint32_t i = 0; i < faults->world.settings->fault_count; i++)
		if (faults->items[i].churn != NULL &&
		    fault_churn_away(faults->items[i].churn, server))
			return true;
	return false;
}

static uint32_t
index_of(const struct faults *faults, const struct item *item)
{
	return (uint32_t)(item - faults->items);
}

static struct fault_order
order_of(const struct faults *faults, const struct item *item,
	 struct instant now)
{
	return (struct fault_order){
		.now = now,
		.item = index_of(faults, item),
		.link = item->link,
		.device = item->device,
		.flow = item->flow,
		.way = item->fault->way,
	};
}

/* ---- the schedule ---- */

static void
schedule(const struct faults *faults, const struct item *item, enum step step,
	 int64_t delay_ns, uint32_t b)
{
	uint32_t index = index_of(faults, item);
	struct event event = {
		.destination = index,
		.class = EVENT_TIMER,
		.kind = EVENT_FAULT,
		.code = (uint16_t)step,
		.b = b,
	};

	queue_schedule(faults->world.queue, index, delay_ns > 0 ? delay_ns : 0,
		       &event);
}

void
faults_start(struct faults *faults)
{
	faults->zero = queue_now(faults->world.queue);
	for (uint32_t i = 0; i < faults->world.settings->fault_count; i++) {
		const struct item *item = &faults->items[i];
		int64_t ends_ns = fault_ends_ns(item->fault);
		schedule(faults, item, STEP_BEGIN, item->fault->at_ns, 0);
		if (ends_ns > 0)
			schedule(faults, item, STEP_END, ends_ns, 0);
	}
}

/* ---- reports ---- */

static void
report(const struct faults *faults, struct instant at, const char *kind,
       const char *target)
{
	const struct watch *watch = faults->world.watch;

	if (watch->fault != NULL)
		watch->fault(watch->context, at, kind, target);
}

/* Of a path target: the link that was cut; of a set that nothing was left of,
 * how it was written. */
static void
report_item(const struct faults *faults, const struct item *item,
	    struct instant at, const char *kind)
{
	const struct fabric *fabric = faults->world.fabric;
	char name[FAULT_NAME_BYTES], target[FAULT_TARGET_BYTES];

	if (item->link != FABRIC_NONE) {
		fault_target_name(fabric, FAULT_TARGET_LINK, item->link, name);
		report(faults, at, kind, name);
	} else if (item->device != FABRIC_NONE) {
		report(faults, at, kind, fabric->names[item->device]);
	} else {
		fault_target_text(faults->world.settings, item->fault, target);
		report(faults, at, kind, target);
	}
}

static void
report_missed(const struct faults *faults, const struct item *item,
	      struct instant at)
{
	char kind[64];

	(void)snprintf(kind, sizeof(kind), "%s_missed",
		       fault_name(item->fault->kind));
	report_item(faults, item, at, kind);
}

/* ---- what changes ---- */

/* Tell the workload, which times stalls and first strays. */
static void
tell(const struct faults *faults, struct instant now, bool harms, bool detects)
{
	const struct fault_world *world = &faults->world;

	if (world->actions->changing != NULL)
		world->actions->changing(world->context);
	if (harms)
		workload_fault(world->workload, now, detects);
	else
		workload_changed(world->workload);
}

/* What the link is from now on. */
static struct link_settings
layer(const struct faults *faults, const struct item *item,
      enum fault_kind kind)
{
	if (kind == FAULT_LINK_DEGRADE)
		link_layers_add(faults->layers, item->link,
				index_of(faults, item));
	else if (item->fault->kind == FAULT_LINK_DEGRADE)
		link_layers_remove(faults->layers, item->link,
				   index_of(faults, item));
	else
		link_layers_clear(faults->layers, item->link);
	return link_layers_settings(faults->layers, item->link);
}

static void
give(const struct faults *faults, fault_action *action,
     struct fault_order *order)
{
	const struct fault_actions *actions = faults->world.actions;

	if (action == actions->link_up)
		link_layers_mend(faults->layers, order->link);
	else if (action == actions->link_silent)
		order->way = link_layers_silence(faults->layers, order->link,
						 order->way);
	action(faults->world.context, order);
}

struct split {
	const struct faults *faults;
	fault_action *action;
	struct fault_order *order;
};

static void
link_order(void *context, uint32_t link)
{
	const struct split *split = context;

	split->order->link = link;
	give(split->faults, split->action, split->order);
}

/* Do what a kind says; JOIN and CHURN have steps of their own. */
static void
apply(const struct faults *faults, const struct item *item,
      enum fault_kind kind, struct instant now)
{
	fault_action *action = fault_action_of(faults->world.actions, kind);
	struct fault_order order = order_of(faults, item, now);
	struct link_settings settings;

	if (kind == FAULT_LINK_DEGRADE || kind == FAULT_LINK_RESTORE) {
		settings = layer(faults, item, kind);
		order.settings = &settings;
	}
	if (kind == FAULT_PARTITION || kind == FAULT_MERGE)
		partition_each(faults->world.fabric, link_order,
			       &(struct split){ faults, action, &order });
	else
		give(faults, action, &order);
	if (kind == FAULT_DAEMON_RESTART && !fault_stays(item->fault))
		give(faults, faults->world.actions->daemon_start, &order);
}

/* Orders are about this member of the set from now on. */
static void
aim(struct item *item, uint32_t member)
{
	uint32_t target = item->aim.set.members[member];
	bool link = fault_kind_trait(item->fault->kind)->target ==
		    FAULT_TARGET_LINK;

	item->link = link ? target : FABRIC_NONE;
	item->device = link ? FABRIC_NONE : target;
}

/* To some members at one instant: one change, as far as sessions go. */
static void
act(const struct faults *faults, struct item *item, enum fault_kind kind,
    struct instant now, const uint32_t *members, uint32_t count)
{
	const struct fault_kind_trait *trait = fault_kind_trait(kind);
	bool strikes = trait->harms && fault_stays(item->fault);

	tell(faults, now, trait->harms, trait->detects);
	for (uint32_t i = 0; i < count; i++) {
		aim(item, members[i]);
		apply(faults, item, kind, now);
		fault_aim_mark(&item->aim, members[i], strikes);
		report_item(faults, item, now, trait->name);
	}
}

/* ---- who is struck ---- */

static uint32_t
choose(struct faults *faults, struct item *item)
{
	bool server = fault_kind_trait(item->fault->kind)->target ==
		      FAULT_TARGET_SERVER;

	return fault_aim_choose(&item->aim, item->fault,
				server ? faults->next_join : FABRIC_NONE,
				faults->world.rng, faults->chosen);
}

static void
strike(struct faults *faults, struct item *item, struct instant now)
{
	const struct fault_settings *fault = item->fault;
	uint32_t count = choose(faults, item);

	if (count == 0) {
		item->device = item->link = FABRIC_NONE;
		report_missed(faults, item, now);
		return;
	}
	act(faults, item, fault->kind, now, faults->chosen, count);
	for (uint32_t i = 0; i < count && fault->each_ns > 0; i++)
		if (item->aim.struck[faults->chosen[i]] != 0 &&
		    fault->for_ns > 0)
			schedule(faults, item, STEP_UNDO, fault->for_ns,
				 faults->chosen[i]);
}

static void
undo_all(struct faults *faults, struct item *item, struct instant now)
{
	uint32_t count = fault_aim_struck(&item->aim, faults->chosen);

	if (count > 0)
		act(faults, item, fault_kind_trait(item->fault->kind)->undo,
		    now, faults->chosen, count);
}

/* ---- cuts on the path of a session ---- */

/* Session 0, or the first that is still open; else there is no path. */
static void
cut_path(struct faults *faults, struct item *item, struct instant now)
{
	const struct fault_world *world = &faults->world;
	uint32_t count = workload_count(world->workload);

	for (uint32_t flow = 0; flow < count; flow++) {
		const struct session *session =
			workload_session(world->workload, flow);

		if (session->state != SESSION_OPEN)
			continue;
		item->flow = flow;
		item->strays = session->strays;
		const struct fault_order order = order_of(faults, item, now);
		world->actions->path_find(world->context, &order);
		return;
	}
	faults_path(faults, now, index_of(faults, item), NULL, 0);
}

void
faults_path(struct faults *faults, struct instant now, uint32_t index,
	    const uint32_t *links, uint32_t count)
{
	const struct fault_world *world = &faults->world;
	struct item *item = &faults->items[index];

	if (item->settled) /* it has ended while the path was looked for */
		return;
	item->link = tier_choose(world->fabric, item->fault->target,
				 item->tried, links, count, world->rng);
	if (item->link == FABRIC_NONE) {
		item->settled = true;
		report_missed(faults, item, now);
		return;
	}
	item->cut_at = now;
	tell(faults, now, true, true);
	const struct fault_order order = order_of(faults, item, now);
	if (world->actions->path_cut != NULL &&
	    fault_kind_trait(item->fault->kind)->detects)
		world->actions->path_cut(world->context, &order);
	apply(faults, item, item->fault->kind, now);
	item->down = item->cut = true;
	if (item->fault->retry_after_ns > 0) {
		schedule(faults, item, STEP_CHECK, item->fault->retry_after_ns,
			 0);
		return;
	}
	item->settled = true;
	report_item(faults, item, now, fault_name(item->fault->kind));
}

/* Did the cut count? */
static bool
judge(const struct faults *faults, struct item *item)
{
	const struct session *session =
		workload_session(faults->world.workload, item->flow);

	if (session->strays > item->strays) {
		item->settled = true;
		report_item(faults, item, item->cut_at,
			    fault_name(item->fault->kind));
		return true;
	}
	report_missed(faults, item, item->cut_at);
	return false;
}

/* If not, undo it, and cut another when the routes are back. */
static void
check(const struct faults *faults, struct item *item, struct instant now)
{
	const struct fault_world *world = &faults->world;
	const struct fault_actions *actions = world->actions;
	struct fault_order order = order_of(faults, item, now);

	if (item->settled || judge(faults, item))
		return;
	if (actions->path_missed != NULL)
		actions->path_missed(world->context);
	workload_fault_missed(world->workload);
	if (item->down)
		give(faults, actions->link_up, &order);
	item->down = false;
	int64_t delay_ns = actions->restore_ns(world->context, order.item);
	if (delay_ns >= 0)
		schedule(faults, item, STEP_AGAIN, delay_ns, 0);
}

void
faults_restored(struct faults *faults, struct instant now, uint32_t index)
{
	struct item *item = &faults->items[index];

	if (!item->settled)
		cut_path(faults, item, now);
}

void
faults_finish(struct faults *faults)
{
	for (uint32_t i = 0; i < faults->world.settings->fault_count; i++) {
		struct item *item = &faults->items[i];

		if (item->on_path && item->down && !item->settled)
			(void)judge(faults, item);
	}
}

void
faults_remark(const struct faults *faults)
{
	bool *owners = fault_miss_owners(&faults->world);

	for (uint32_t i = 0; i < faults->world.settings->fault_count; i++)
		fault_miss_tell(&faults->world, i, faults->items[i].cut,
				&faults->items[i].aim.set, owners);
	free(owners);
}

/* ---- steps ---- */

static void
join_some(struct faults *faults, const struct item *item, struct instant now)
{
	const struct fault_world *world = &faults->world;
	uint32_t count = item->fault->count > 0 ? item->fault->count : 1;
	struct fault_order order = order_of(faults, item, now);

	for (uint32_t i = 0; i < count; i++) {
		order.device = faults->next_join++;
		tell(faults, now, false, false);
		world->actions->server_up(world->context, &order);
		report(faults, now, fault_name(FAULT_JOIN),
		       world->fabric->names[order.device]);
	}
}

static void
mend_path(const struct faults *faults, struct item *item, struct instant now)
{
	enum fault_kind undo = fault_kind_trait(item->fault->kind)->undo;

	tell(faults, now, false, false);
	apply(faults, item, undo, now);
	item->down = false;
	report_item(faults, item, now, fault_name(undo));
}

/* What earlier items did to paths, and this kind undoes, comes back. */
static void
mend_paths(struct faults *faults, enum fault_kind kind, struct instant now)
{
	for (uint32_t i = 0; i < faults->world.settings->fault_count; i++) {
		struct item *item = &faults->items[i];

		if (item->on_path && item->down &&
		    fault_kind_trait(item->fault->kind)->undo == kind)
			mend_path(faults, item, now);
	}
}

static void
each(struct faults *faults, struct item *item, struct instant now)
{
	const struct fault_settings *fault = item->fault;
	bool again = fault_aim_goes_round(&item->aim, fault);

	if (item->settled) /* it has ended */
		return;
	strike(faults, item, now);
	if (fault->until_ns > 0)
		again = queue_now(faults->world.queue).ns - faults->zero.ns +
				fault->each_ns <
			fault->until_ns;
	else if (item->aim.turn == item->aim.set.count)
		again = false;
	if (again)
		schedule(faults, item, STEP_EACH, fault->each_ns, 0);
}

static void
begin(struct faults *faults, struct item *item, struct instant now)
{
	const struct fault_settings *fault = item->fault;
	bool undone = fault_kind_trait(fault->kind)->undo != fault->kind;

	if (fault->kind == FAULT_JOIN) {
		join_some(faults, item, now);
		return;
	}
	if (fault->kind == FAULT_CHURN) {
		fault_churn_begin(item->churn, now);
		return;
	}
	if (item->on_path) {
		if (undone)
			cut_path(faults, item, now);
		else
			mend_paths(faults, fault->kind, now);
		return;
	}
	if (fault->each_ns > 0) {
		each(faults, item, now);
		return;
	}
	strike(faults, item, now);
	if (fault->period_ns > 0 && undone)
		schedule(faults, item, STEP_FLIP, fault->period_ns / 2, 0);
}

static void
flip(struct faults *faults, struct item *item, struct instant now)
{
	if (item->settled) /* it has ended */
		return;
	if (item->aim.struck_count > 0)
		undo_all(faults, item, now);
	else
		strike(faults, item, now);
	schedule(faults, item, STEP_FLIP, item->fault->period_ns / 2, 0);
}

static void
undo(struct faults *faults, struct item *item, struct instant now,
     uint32_t member)
{
	/* Its end may have been sooner. */
	if (item->aim.struck[member] != 0)
		act(faults, item, fault_kind_trait(item->fault->kind)->undo,
		    now, &member, 1);
}

static void
end(struct faults *faults, struct item *item, struct instant now)
{
	bool undone =
		fault_kind_trait(item->fault->kind)->undo != item->fault->kind;

	if (item->fault->kind == FAULT_CHURN) {
		fault_churn_end(item->churn);
		return;
	}
	if (item->on_path && item->down)
		check(faults, item, now); /* did it count? Now or never */
	item->settled = true;
	if (undone && item->on_path && item->down)
		mend_path(faults, item, now);
	else if (undone)
		undo_all(faults, item, now);
}

void
faults_event(struct faults *faults, struct instant now,
	     const struct event *event)
{
	struct item *item = &faults->items[event->destination];

	if (event->code >= FAULT_CHURN_DEPART) {
		fault_churn_event(item->churn, now, event);
		return;
	}
	switch ((enum step)event->code) {
	case STEP_BEGIN:
		begin(faults, item, now);
		break;
	case STEP_CHECK:
		check(faults, item, now);
		break;
	case STEP_AGAIN:
		faults_restored(faults, now, event->destination);
		break;
	case STEP_FLIP:
		flip(faults, item, now);
		break;
	case STEP_END:
		end(faults, item, now);
		break;
	case STEP_EACH:
		each(faults, item, now);
		break;
	case STEP_UNDO:
		undo(faults, item, now, event->b);
		break;
	}
}
