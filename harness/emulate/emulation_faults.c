/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emulation_faults.c - the scenario's events, in a lab
 *
 *	BEGIN --> path? ORDER_PATH --> ORDER_LINK --> (retry) CHECK
 *	  |			CHECK --> strayed: it counts
 *	  |			      \-> missed: undo, ORDER_WAIT, another link
 *	  |--> (flap) FLIP, FLIP ...
 *	  `--> (until) END
 *
 * What sim/fault.c does to the model is done to kernels here, with the same
 * steps and the same words in table fault. An order is carried out by the
 * hand; the books hear of a fault when it is ordered, so that no stray comes
 * before its fault, and detection is timed from the kernel's link event.
 *
 * A link is cut by taking one end down (fault_settings.side); the other loses
 * its carrier. A router or server goes down with all its ends. What dies with
 * a server: its daemon and its sockets (SOCK_DESTROY, by ss(8)), without a
 * word, since its links are down by then.
 */
#include "harness/emulate/emulation_state.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/lab/route.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/model/fault_kind.h"
#include "sim/net/path.h"

#define PATH_LINKS 16
/* A link that came back: its routes are by then, or the next cut is made
 * nevertheless. */
#define RESTORE_NS (6 * NS_PER_S)

enum step {
	STEP_BEGIN,
	STEP_CHECK, /* did the cut stray its session? */
	STEP_FLIP, /* flap */
	STEP_END
};

struct item {
	const struct fault_settings *fault;
	uint32_t device, link; /* FABRIC_NONE: none */
	uint32_t end; /* of the link, that is taken down */
	bool down; /* what it broke is broken now */
	bool on_path;
	bool tried[PATH_TIERS];
	uint32_t flow;
	uint64_t strays; /* of the flow when it was cut */
	struct instant cut_at;
	bool settled; /* it counted, or every tier was tried */
};

struct emulation_faults {
	struct rng rng;
	struct item *items;
};

enum order_kind {
	ORDER_PATH, /* which links carry the session? */
	ORDER_LINK,
	ORDER_SILENCE,
	ORDER_DEVICE, /* all links of a device; a server with what it runs */
	ORDER_DRAIN,
	ORDER_DAEMON,
	ORDER_WAIT /* until routes are back */
};

struct order {
	struct emulation *emulation;
	struct item *item;
	enum order_kind kind;
	bool on; /* up, silent, drained, running */
	uint32_t link, end, device;
	uint32_t *kept; /* links that stay cut; ends with FABRIC_NONE */
	struct address client;
	uint16_t port;
	uint32_t links[PATH_LINKS], count, server;
	uint32_t back[PATH_LINKS], back_count; /* of the answers */
};

/* ---- in the hand's thread ---- */

/* Whoever took which end down: a link that comes up has both. */
static int
link_set(const struct order *order)
{
	const struct lab *lab = &order->emulation->lab;

	if (!order->on)
		return lab_link(lab, order->link, order->end, false);
	int upper = lab_link(lab, order->link, 0, true);
	int lower = lab_link(lab, order->link, 1, true);
	return upper != 0 ? upper : lower;
}

static bool
listed(const uint32_t *links, uint32_t link)
{
	for (; *links != FABRIC_NONE; links++)
		if (*links == link)
			return true;
	return false;
}

static int
links_set(const struct order *order)
{
	const struct lab *lab = &order->emulation->lab;
	const struct fabric *fabric = lab->fabric;
	uint32_t first = fabric->port_first[order->device];
	uint32_t last = fabric->port_first[order->device + 1];
	int result = 0;

	for (uint32_t port = first; port < last; port++) {
		uint32_t link = fabric->ports[port].link;
		uint32_t end = fabric->links[link].ports[1] == port;

		if (order->on && listed(order->kept, link))
			continue;
		int error = lab_link(lab, link, end, order->on);
		if (error != 0)
			result = error;
	}
	return result;
}

/* Every socket of the service at this server is gone, and nobody hears. */
static void
sockets_destroy(const struct order *order)
{
	const struct lab *lab = &order->emulation->lab;
	char port[16];
	const char *const argv[] = { "ss",    "-K", "-t", "state", "connected",
				     "sport", "=",  port, NULL };

	(void)snprintf(port, sizeof(port), ":%u", lab->settings.service.port);
	pid_t pid = lab_spawn(lab, order->device, argv, "/dev/null");
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

static int
device_set(const struct order *order)
{
	const struct lab *lab = &order->emulation->lab;
	bool server = fabric_kind(lab->fabric, order->device) == DEVICE_SERVER;
	bool daemon = server && lab->settings.service.homeward;
	int error = links_set(order);

	if (server && !order->on) {
		if (daemon)
			(void)lab_daemon_kill(lab, order->device, SIGKILL);
		sockets_destroy(order);
	} else if (daemon && error == 0) {
		error = lab_daemon_start(lab, order->device);
	}
	return error;
}

static int
wait_restored(const struct lab *lab)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	/* What is missing then it says; that is no failure of the run. */
	(void)lab_route_wait(lab,
			     now.tv_sec * NS_PER_S + now.tv_nsec + RESTORE_NS);
	return 0;
}

static void
path_ask(struct order *order)
{
	const struct lab *lab = &order->emulation->lab;

	order->count = lab_path(lab, &order->client, order->port, order->links,
				PATH_LINKS, &order->server);
	if (order->server != FABRIC_NONE)
		order->back_count =
			lab_path_back(lab, order->server, &order->client,
				      order->port, order->back, PATH_LINKS);
}

static int
order_work(void *context)
{
	struct order *order = context;
	const struct lab *lab = &order->emulation->lab;

	switch (order->kind) {
	case ORDER_PATH:
		path_ask(order);
		return 0;
	case ORDER_LINK:
		return link_set(order);
	case ORDER_SILENCE:
		return lab_silence(lab, order->link, order->on);
	case ORDER_DEVICE:
		return device_set(order);
	case ORDER_DRAIN:
		return lab_drain(lab, order->device, order->on);
	case ORDER_DAEMON:
		return order->on ? lab_daemon_start(lab, order->device)
				 : lab_daemon_kill(lab, order->device, SIGKILL);
	case ORDER_WAIT:
		return wait_restored(lab);
	}
	return -EINVAL;
}

/* ---- orders ---- */

static void cut_path(struct emulation *emulation, struct item *item);
static void path_found(struct order *order);

static void
order_done(void *context, int result)
{
	struct order *order = context;
	struct emulation *emulation = order->emulation;

	if (result != 0)
		emulation_fail(
			emulation, "event %u, %s: could not be done (%s)",
			(unsigned)(order->item - emulation->faults->items) + 1,
			fault_name(order->item->fault->kind),
			result < -1 ? strerror(-result) : "see above");
	switch (order->kind) {
	case ORDER_PATH:
		path_found(order);
		break;
	case ORDER_WAIT:
		if (!order->item->settled)
			cut_path(emulation, order->item);
		break;
	default:
		/* The kernel has told of it before it was done. */
		link_events_ready(emulation->carrier, emulation_now(emulation));
		emulation_seen(emulation);
		break;
	}
	free(order->kept);
	free(order);
}

static void
order_give(struct emulation *emulation, const struct order *wanted)
{
	struct order *order = memory_zeroed(1, sizeof(*order));

	*order = *wanted;
	order->emulation = emulation;
	worker_do(emulation->worker,
		  &(struct worker_job){ order, order_work, order_done });
}

/* Links that other items have cut: they stay so when a device comes back. */
static uint32_t *
kept_list(const struct emulation *emulation)
{
	uint32_t count = 0;
	uint32_t *kept = memory_zeroed(emulation->settings->fault_count + 1,
				       sizeof(*kept));

	for (uint32_t i = 0; i < emulation->settings->fault_count; i++) {
		const struct item *item = &emulation->faults->items[i];

		if (item->down && item->link != FABRIC_NONE)
			kept[count++] = item->link;
	}
	kept[count] = FABRIC_NONE;
	return kept;
}

/* ---- make ---- */

static const char *
resolve(const struct emulation *emulation, struct item *item)
{
	const struct fault_settings *fault = item->fault;
	const struct fabric *fabric = emulation->lab.fabric;
	enum fault_target wanted = fault_trait(fault->kind)->target;
	enum path_tier tier;

	item->device = item->link = FABRIC_NONE;
	if (!fault_trait(fault->kind)->live)
		return "not in a lab";
	if (wanted == FAULT_TARGET_NONE)
		return NULL;
	if (wanted == FAULT_TARGET_LINK) {
		item->on_path = strcmp(fault->target, "path") == 0 ||
				path_tier_parse(fault->target, &tier);
		if (item->on_path && fault->period_ns > 0)
			return "only a link with a name can flap";
		if (item->on_path)
			return NULL;
		item->link = fabric_link_find(fabric, fault->target);
		return item->link == FABRIC_NONE ? "no such link" : NULL;
	}
	item->device =
		fabric_find(fabric, fault->target, strlen(fault->target));
	if (item->device == FABRIC_NONE)
		return "no such device";
	bool right =
		wanted == FAULT_TARGET_SERVER
			? fabric_kind(fabric, item->device) == DEVICE_SERVER
			: fabric_is_router(fabric, item->device);
	return right ? NULL : "a device of another kind";
}

int
emulation_faults_create(struct emulation *emulation, char *error,
			size_t error_size)
{
	const struct settings *settings = emulation->settings;
	struct emulation_faults *faults = memory_zeroed(1, sizeof(*faults));

	emulation->faults = faults;
	faults->rng = stream_rng(settings->seed, STREAM_FAULT, 0);
	faults->items =
		memory_zeroed(settings->fault_count, sizeof(struct item));
	for (uint32_t i = 0; i < settings->fault_count; i++) {
		struct item *item = &faults->items[i];

		item->fault = &settings->faults[i];
		item->end = item->fault->side == FAULT_SIDE_LOWER;
		if (item->fault->side == FAULT_SIDE_ANY)
			item->end = (uint32_t)rng_below(&faults->rng, 2);
		const char *wrong = resolve(emulation, item);
		if (wrong == NULL)
			continue;
		(void)snprintf(error, error_size, "event %u, %s '%s': %s",
			       i + 1, fault_name(item->fault->kind),
			       item->fault->target, wrong);
		return -EINVAL;
	}
	return 0;
}

void
emulation_faults_destroy(struct emulation_faults *faults)
{
	if (faults == NULL)
		return;
	free(faults->items);
	free(faults);
}

static void
schedule(struct emulation *emulation, const struct item *item, enum step step,
	 int64_t delay_ns)
{
	uint32_t index = (uint32_t)(item - emulation->faults->items);
	struct event event = {
		.destination = index,
		.class = EVENT_TIMER,
		.kind = EVENT_FAULT,
		.code = (uint16_t)step,
	};

	queue_schedule(emulation->queue, index, delay_ns > 0 ? delay_ns : 0,
		       &event);
}

void
emulation_faults_start(struct emulation *emulation)
{
	for (uint32_t i = 0; i < emulation->settings->fault_count; i++) {
		const struct item *item = &emulation->faults->items[i];

		schedule(emulation, item, STEP_BEGIN, item->fault->at_ns);
		if (item->fault->until_ns > item->fault->at_ns)
			schedule(emulation, item, STEP_END,
				 item->fault->until_ns);
	}
}

/* ---- the books ---- */

static void
report(const struct emulation *emulation, struct instant at, const char *kind,
       const char *target)
{
	emulation->watch->fault(emulation->watch->context, at, kind, target);
}

static void
report_item(const struct emulation *emulation, const struct item *item,
	    struct instant at, const char *kind)
{
	const struct fabric *fabric = emulation->lab.fabric;
	char name[2 * FABRIC_NAME_BYTES];

	if (item->link != FABRIC_NONE) {
		const struct fabric_link *link = &fabric->links[item->link];
		uint32_t upper = fabric->ports[link->ports[0]].device;
		uint32_t lower = fabric->ports[link->ports[1]].device;

		(void)snprintf(name, sizeof(name), "%s-%s",
			       fabric->names[upper], fabric->names[lower]);
		report(emulation, at, kind, name);
	} else if (item->device != FABRIC_NONE) {
		report(emulation, at, kind, fabric->names[item->device]);
	} else {
		report(emulation, at, kind, item->fault->target);
	}
}

static void
report_missed(const struct emulation *emulation, const struct item *item,
	      struct instant at)
{
	char kind[64];

	(void)snprintf(kind, sizeof(kind), "%s_missed",
		       fault_name(item->fault->kind));
	report_item(emulation, item, at, kind);
}

/* Who has ended before does not count as open. */
static void
fault_books(struct emulation *emulation, struct instant now, bool harms,
	    bool detects)
{
	emulation_clients_close(emulation, true);
	retransmission_probe_end(emulation);
	if (harms)
		workload_fault(emulation->workload, now, detects);
	else
		workload_changed(emulation->workload);
	if (harms && detects)
		emulation_await(emulation);
}

/* ---- cuts on the path of a session ---- */

/* Session 0, or the first that is still open. */
static void
cut_path(struct emulation *emulation, struct item *item)
{
	struct order order = { .item = item, .kind = ORDER_PATH };
	uint32_t count = workload_count(emulation->workload);

	for (uint32_t flow = 0; flow < count; flow++) {
		const struct session *session =
			workload_session(emulation->workload, flow);

		if (session->state != SESSION_OPEN)
			continue;
		item->flow = flow;
		item->strays = session->strays;
		order.client.family = session->key.family;
		memcpy(order.client.bytes, session->key.client, 16);
		order.port = (uint16_t)(session->key.client_port[0] << 8 |
					session->key.client_port[1]);
		order_give(emulation, &order);
		return;
	}
	item->settled = true;
	item->link = FABRIC_NONE;
	report_missed(emulation, item, emulation_now(emulation));
}

/* The tier of a link, if faults know it. */
static bool
link_tier(const struct fabric *fabric, uint32_t link, enum path_tier *tier)
{
	switch (fabric_tier(fabric, link)) {
	case TIER_EXIT_SPINE:
		*tier = PATH_EXIT_SPINE;
		return true;
	case TIER_SPINE_LEAF:
		*tier = PATH_SPINE_LEAF;
		return true;
	case TIER_LEAF_SERVER:
		*tier = PATH_LEAF_SERVER;
		return true;
	default:
		return false;
	}
}

/* The wanted tier first; then, or for "path", a random one not yet tried. */
static uint32_t
choose_link(struct emulation *emulation, struct item *item,
	    const struct order *order)
{
	uint32_t of[PATH_TIERS] = { FABRIC_NONE, FABRIC_NONE, FABRIC_NONE };
	enum path_tier tier, left[PATH_TIERS];
	uint32_t count = 0;

	for (uint32_t i = 0; i < order->count && i < PATH_LINKS; i++)
		if (link_tier(emulation->lab.fabric, order->links[i], &tier))
			of[tier] = order->links[i];
	if (path_tier_parse(item->fault->target, &tier) && !item->tried[tier] &&
	    of[tier] != FABRIC_NONE) {
		item->tried[tier] = true;
		return of[tier];
	}
	for (unsigned i = 0; i < PATH_TIERS; i++)
		if (!item->tried[i] && of[i] != FABRIC_NONE)
			left[count++] = (enum path_tier)i;
	if (count == 0)
		return FABRIC_NONE;
	tier = left[rng_below(&emulation->faults->rng, count)];
	item->tried[tier] = true;
	return of[tier];
}

static void
link_order(struct emulation *emulation, struct item *item, bool cut)
{
	bool silent = item->fault->kind == FAULT_LINK_SILENT;

	item->down = cut;
	order_give(emulation,
		   &(struct order){
			   .item = item,
			   .kind = silent ? ORDER_SILENCE : ORDER_LINK,
			   .on = silent == cut,
			   .link = item->link,
			   .end = item->end,
		   });
}

/* What this and other items have done to the item's link. */
static void
link_mend(struct emulation *emulation, struct item *item)
{
	bool mended = false;

	for (uint32_t i = 0; i < emulation->settings->fault_count; i++) {
		struct item *other = &emulation->faults->items[i];

		if (!other->down || other->link != item->link)
			continue;
		link_order(emulation, other, false);
		mended = true;
	}
	if (!mended)
		link_order(emulation, item, false);
}

static void
path_found(struct order *order)
{
	struct emulation *emulation = order->emulation;
	struct item *item = order->item;
	bool back = false;

	item->link = choose_link(emulation, item, order);
	if (item->link == FABRIC_NONE) {
		item->settled = true;
		report_missed(emulation, item, emulation_now(emulation));
		return;
	}
	for (uint32_t i = 0; i < order->back_count; i++)
		back = back || order->back[i] == item->link;
	item->cut_at = emulation_now(emulation);
	fault_books(emulation, item->cut_at, true, true);
	retransmission_probe_begin(emulation, item->cut_at, item->flow,
				   item->end == 1, back);
	link_order(emulation, item, true);
	if (item->fault->retry_after_ns > 0) {
		schedule(emulation, item, STEP_CHECK,
			 item->fault->retry_after_ns);
		return;
	}
	item->settled = true;
	report_item(emulation, item, item->cut_at,
		    fault_name(item->fault->kind));
}

/* Did the cut count? */
static bool
judge(struct emulation *emulation, struct item *item)
{
	const struct session *session =
		workload_session(emulation->workload, item->flow);

	if (session->strays > item->strays) {
		item->settled = true;
		report_item(emulation, item, item->cut_at,
			    fault_name(item->fault->kind));
		return true;
	}
	report_missed(emulation, item, item->cut_at);
	return false;
}

/* If not, undo it and try another. */
static void
check(struct emulation *emulation, struct item *item)
{
	if (item->settled || judge(emulation, item))
		return;
	retransmission_probe_missed(emulation);
	workload_fault_missed(emulation->workload);
	if (item->down)
		link_order(emulation, item, false);
	order_give(emulation,
		   &(struct order){ .item = item, .kind = ORDER_WAIT });
}

/* ---- steps ---- */

static void
apply(struct emulation *emulation, struct item *item, enum fault_kind kind)
{
	struct order order = { .item = item, .device = item->device };

	switch (kind) {
	case FAULT_LINK_DOWN:
	case FAULT_LINK_SILENT:
		link_order(emulation, item, true);
		return;
	case FAULT_LINK_UP:
		link_mend(emulation, item);
		return;
	case FAULT_ROUTER_DOWN:
	case FAULT_SERVER_CRASH:
	case FAULT_ROUTER_UP:
	case FAULT_SERVER_UP:
		order.kind = ORDER_DEVICE;
		order.on = kind == FAULT_ROUTER_UP || kind == FAULT_SERVER_UP;
		order.kept = kept_list(emulation);
		break;
	case FAULT_DRAIN:
	case FAULT_UNDRAIN:
		order.kind = ORDER_DRAIN;
		order.on = kind == FAULT_DRAIN;
		break;
	case FAULT_DAEMON_KILL:
	case FAULT_DAEMON_START:
		order.kind = ORDER_DAEMON;
		order.on = kind == FAULT_DAEMON_START;
		break;
	default: /* fault_kind.c says that a lab cannot */
		/* cppcheck-suppress memleak; nothing is kept yet */
		return;
	}
	item->down = fault_trait(kind)->harms;
	order_give(emulation, &order);
}

static void
act(struct emulation *emulation, struct item *item, enum fault_kind kind)
{
	const struct fault_trait *trait = fault_trait(kind);
	struct instant now = emulation_now(emulation);

	fault_books(emulation, now, trait->harms, trait->detects);
	report_item(emulation, item, now, trait->name);
	apply(emulation, item, kind);
}

static void
begin(struct emulation *emulation, struct item *item)
{
	const struct fault_settings *fault = item->fault;

	if (item->on_path && fault->kind != FAULT_LINK_UP) {
		cut_path(emulation, item);
		return;
	}
	if (item->on_path) {
		/* What an earlier item cut on the path comes back. */
		for (uint32_t i = 0; i < emulation->settings->fault_count;
		     i++) {
			struct item *other = &emulation->faults->items[i];

			if (other->on_path && other->down)
				act(emulation, other, FAULT_LINK_UP);
		}
		return;
	}
	act(emulation, item, fault->kind);
	if (fault->period_ns > 0 &&
	    fault_trait(fault->kind)->undo != fault->kind)
		schedule(emulation, item, STEP_FLIP, fault->period_ns / 2);
}

static void
flip(struct emulation *emulation, struct item *item)
{
	enum fault_kind kind = item->fault->kind;

	if (item->settled) /* it has ended */
		return;
	act(emulation, item, item->down ? fault_trait(kind)->undo : kind);
	schedule(emulation, item, STEP_FLIP, item->fault->period_ns / 2);
}

static void
end(struct emulation *emulation, struct item *item)
{
	enum fault_kind undo = fault_trait(item->fault->kind)->undo;

	if (item->on_path && item->down)
		check(emulation, item); /* did it count? Now or never */
	item->settled = true;
	if (item->down && undo != item->fault->kind)
		act(emulation, item, undo);
}

void
emulation_faults_finish(struct emulation *emulation)
{
	for (uint32_t i = 0; i < emulation->settings->fault_count; i++) {
		struct item *item = &emulation->faults->items[i];

		if (item->on_path && item->down && !item->settled)
			(void)judge(emulation, item);
	}
}

void
emulation_faults_event(struct emulation *emulation, const struct event *event)
{
	struct item *item = &emulation->faults->items[event->destination];

	switch ((enum step)event->code) {
	case STEP_BEGIN:
		begin(emulation, item);
		break;
	case STEP_CHECK:
		check(emulation, item);
		break;
	case STEP_FLIP:
		flip(emulation, item);
		break;
	case STEP_END:
		end(emulation, item);
		break;
	}
}
