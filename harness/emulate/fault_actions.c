/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_actions.c - orders, given by the loop and carried out by the worker
 *
 *	loop	action --> order_give --> worker_do		  order_done
 *	worker				  order_work: kernel, FRR, daemon ^
 */
#include "harness/emulate/fault_actions.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/emulate/emulation_state.h"
#include "harness/lab/route.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/model/fault.h"

#define PATH_LINKS 16
/* A link that came back: its routes are by then, or the next cut is made
 * nevertheless. */
#define RESTORE_NS (6 * NS_PER_S)

/* What was done to a link. */
#define CUT_DOWN   1u
#define CUT_SILENT 2u

struct emulation_faults {
	struct faults *script;
	struct rng rng;
	uint8_t *lower; /* by item: which end of the link it takes down */
	uint8_t *cut; /* by link: CUT_* of what is in force */
	/* Of the path that was found last: on the way from server to client. */
	uint32_t back[PATH_LINKS], back_count;
};

enum work_kind {
	WORK_PATH, /* which links carry the session? */
	WORK_LINK,
	WORK_SILENCE, /* of the ends that `ends` has a bit for */
	WORK_SETTINGS,
	WORK_DEVICE, /* all links of a device; a server with what it runs */
	WORK_DRAIN,
	WORK_DAEMON,
	WORK_RESTORE /* wait until routes are back */
};

struct work {
	struct emulation *emulation;
	uint32_t item;
	enum work_kind kind;
	bool on; /* up, silent, drained, running */
	uint32_t link, end, ends, device;
	struct link_settings settings;
	uint8_t *cut; /* a copy: links that stay cut when the device is up */
	struct address client;
	uint16_t port;
	uint32_t links[PATH_LINKS], count, server;
	uint32_t back[PATH_LINKS], back_count; /* of the server's answers */
};

/* ---- in the worker's thread ---- */

/* Either end may have been taken down: a link that comes up has both. */
static int
link_set(const struct work *work)
{
	const struct lab *lab = &work->emulation->lab;

	if (!work->on)
		return lab_link(lab, work->link, work->end, false);
	int upper = lab_link(lab, work->link, 0, true);
	int lower = lab_link(lab, work->link, 1, true);
	return upper != 0 ? upper : lower;
}

static int
silence_set(const struct work *work)
{
	int result = 0;

	for (uint32_t end = 0; end < 2; end++) {
		int error = 0;

		if ((work->ends >> end & 1) != 0)
			error = lab_silence(&work->emulation->lab, work->link,
					    end, work->on);
		if (error != 0)
			result = error;
	}
	return result;
}

static int
links_set(const struct work *work)
{
	const struct lab *lab = &work->emulation->lab;
	const struct fabric *fabric = lab->fabric;
	uint32_t first = fabric->port_first[work->device];
	uint32_t last = fabric->port_first[work->device + 1];
	int result = 0;

	for (uint32_t port = first; port < last; port++) {
		uint32_t link = fabric->ports[port].link;
		uint32_t end = fabric->links[link].ports[1] == port;

		if (work->on && work->cut[link] != 0)
			continue;
		int error = lab_link(lab, link, end, work->on);
		if (error != 0)
			result = error;
	}
	return result;
}

/* Every socket of the service at this server goes, and no peer hears of it. */
static void
sockets_destroy(const struct work *work)
{
	const struct lab *lab = &work->emulation->lab;
	char port[16];
	const char *const argv[] = { "ss",    "-K", "-t", "state", "connected",
				     "sport", "=",  port, NULL };

	(void)snprintf(port, sizeof(port), ":%u", lab->settings.service.port);
	pid_t pid = lab_spawn(lab, work->device, argv, "/dev/null");
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

/* What it has counted is kept, then it is killed. */
static int
daemon_end(const struct work *work)
{
	const struct lab *lab = &work->emulation->lab;
	char path[LAB_PATH];

	lab_control_path(lab, work->device, path);
	daemon_counters_keep(work->emulation->daemon_counters, work->device,
			     path);
	return lab_daemon_kill(lab, work->device, SIGKILL);
}

static int
device_set(const struct work *work)
{
	const struct lab *lab = &work->emulation->lab;
	bool server = fabric_kind(lab->fabric, work->device) == DEVICE_SERVER;
	bool daemon = server && lab->settings.service.scheme == SCHEME_HOMEWARD;
	int error = links_set(work);

	if (server && !work->on) {
		if (daemon)
			(void)daemon_end(work);
		sockets_destroy(work);
	} else if (daemon && error == 0) {
		error = lab_daemon_start(lab, work->device);
	}
	return error;
}

/* Without Homeward there is none, and nothing to do. */
static int
daemon_set(const struct work *work)
{
	const struct lab *lab = &work->emulation->lab;

	if (lab->settings.service.scheme != SCHEME_HOMEWARD)
		return 0;
	return work->on ? lab_daemon_start(lab, work->device)
			: daemon_end(work);
}

static int
wait_restored(const struct lab *lab)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	/* It says which routes are missing then; the run goes on. */
	(void)lab_route_wait(lab,
			     now.tv_sec * NS_PER_S + now.tv_nsec + RESTORE_NS);
	return 0;
}

static void
path_ask(struct work *work)
{
	const struct lab *lab = &work->emulation->lab;

	work->count = lab_path(lab, &work->client, work->port, work->links,
			       PATH_LINKS, &work->server);
	if (work->server != FABRIC_NONE)
		work->back_count =
			lab_path_back(lab, work->server, &work->client,
				      work->port, work->back, PATH_LINKS);
}

static int
work_do(void *context)
{
	struct work *work = context;
	const struct lab *lab = &work->emulation->lab;

	switch (work->kind) {
	case WORK_PATH:
		path_ask(work);
		return 0;
	case WORK_LINK:
		return link_set(work);
	case WORK_SILENCE:
		return silence_set(work);
	case WORK_SETTINGS:
		return lab_link_settings(lab, work->link, &work->settings);
	case WORK_DEVICE:
		return device_set(work);
	case WORK_DRAIN:
		return lab_drain(lab, work->device, work->on);
	case WORK_DAEMON:
		return daemon_set(work);
	case WORK_RESTORE:
		return wait_restored(lab);
	}
	return -EINVAL;
}

/* ---- in the loop ---- */

static void
path_found(struct emulation *emulation, const struct work *work)
{
	struct emulation_faults *faults = emulation->faults;
	uint32_t count = work->count < PATH_LINKS ? work->count : PATH_LINKS;

	faults->back_count = work->back_count;
	memcpy(faults->back, work->back, sizeof(faults->back));
	faults_path(faults->script, emulation_now(emulation), work->item,
		    work->links, count);
}

static void
work_done(void *context, int result)
{
	struct work *work = context;
	struct emulation *emulation = work->emulation;

	if (result != 0)
		emulation_fail(
			emulation, "event %u, %s: could not be done (%s)",
			work->item + 1,
			fault_name(
				emulation->settings->faults[work->item].kind),
			result < -1 ? strerror(-result) : "see above");
	switch (work->kind) {
	case WORK_PATH:
		path_found(emulation, work);
		break;
	case WORK_RESTORE:
		faults_restored(emulation->faults->script,
				emulation_now(emulation), work->item);
		break;
	case WORK_LINK:
	case WORK_SILENCE:
	case WORK_SETTINGS:
	case WORK_DEVICE:
	case WORK_DRAIN:
	case WORK_DAEMON:
		/* The kernel has told of it before it was done. */
		link_events_ready(emulation->link_events,
				  emulation_now(emulation));
		emulation_seen(emulation);
		break;
	}
	free(work->cut);
	free(work);
}

/* It belongs to the worker from now on. */
static void
work_give(struct emulation *emulation, const struct work *wanted)
{
	struct work *work = memory_zeroed(1, sizeof(*work));

	*work = *wanted;
	work->emulation = emulation;
	worker_do(emulation->worker,
		  &(struct worker_job){ work, work_do, work_done });
}

/* ---- actions: links ---- */

static void
link_down(void *context, const struct fault_order *order)
{
	struct emulation *emulation = context;

	emulation_await(emulation);
	emulation->faults->cut[order->link] |= CUT_DOWN;
	work_give(emulation,
		  &(struct work){
			  .item = order->item,
			  .kind = WORK_LINK,
			  .link = order->link,
			  .end = emulation->faults->lower[order->item],
		  });
}

static void
link_silent(void *context, const struct fault_order *order)
{
	/* What the lower end sends goes up. */
	static const uint32_t ends[] = {
		[FAULT_WAY_BOTH] = 3,
		[FAULT_WAY_UP] = 2,
		[FAULT_WAY_DOWN] = 1,
	};
	struct emulation *emulation = context;

	emulation_await(emulation);
	emulation->faults->cut[order->link] |= CUT_SILENT;
	work_give(emulation, &(struct work){
				     .item = order->item,
				     .kind = WORK_SILENCE,
				     .on = true,
				     .link = order->link,
				     .ends = ends[order->way],
			     });
}

static void
link_settings(void *context, const struct fault_order *order)
{
	work_give(context, &(struct work){
				   .item = order->item,
				   .kind = WORK_SETTINGS,
				   .link = order->link,
				   .settings = *order->settings,
			   });
}

/* Undo what was done to it; a link that is whole is told to come up. */
static void
link_up(void *context, const struct fault_order *order)
{
	struct emulation *emulation = context;
	uint8_t *cut = &emulation->faults->cut[order->link];
	struct work work = { .item = order->item, .link = order->link };

	if ((*cut & CUT_SILENT) != 0) {
		work.kind = WORK_SILENCE;
		work.ends = 3;
		work_give(emulation, &work);
	}
	if (*cut != CUT_SILENT) {
		work.kind = WORK_LINK;
		work.on = true;
		work_give(emulation, &work);
	}
	*cut = 0;
}

/* ---- actions: the path of a session ---- */

static void
path_find(void *context, const struct fault_order *order)
{
	struct emulation *emulation = context;
	const struct session *session =
		workload_session(emulation->workload, order->flow);
	struct work work = { .item = order->item, .kind = WORK_PATH };

	work.client.family = session->key.family;
	memcpy(work.client.bytes, session->key.client, 16);
	work.port = (uint16_t)(session->key.client_port[0] << 8 |
			       session->key.client_port[1]);
	work_give(emulation, &work);
}

static void
path_cut(void *context, const struct fault_order *order)
{
	struct emulation *emulation = context;
	const struct emulation_faults *faults = emulation->faults;
	bool back = false;

	for (uint32_t i = 0; i < faults->back_count && i < PATH_LINKS; i++)
		back = back || faults->back[i] == order->link;
	retransmission_probe_begin(emulation, order->now, order->flow,
				   faults->lower[order->item] != 0, back);
}

static void
path_missed(void *context)
{
	retransmission_probe_missed(context);
}

static int64_t
restore_ns(void *context, uint32_t item)
{
	work_give(context,
		  &(struct work){ .item = item, .kind = WORK_RESTORE });
	return -1;
}

/* A session that has ended before does not count as open. */
static void
changing(void *context)
{
	struct emulation *emulation = context;

	emulation_clients_close(emulation, true);
	retransmission_probe_end(emulation);
}

/* ---- actions: devices ---- */

static void
device_give(struct emulation *emulation, const struct fault_order *order,
	    bool up)
{
	size_t links = emulation->lab.fabric->link_count;
	struct work work = {
		.item = order->item,
		.kind = WORK_DEVICE,
		.on = up,
		.device = order->device,
		.cut = memory_zeroed(links + 1, 1),
	};

	memcpy(work.cut, emulation->faults->cut, links);
	work_give(emulation, &work);
}

static void
router_down(void *context, const struct fault_order *order)
{
	emulation_await(context);
	device_give(context, order, false);
}

static void
server_crash(void *context, const struct fault_order *order)
{
	const struct emulation *emulation = context;

	/* Servers are the fabric's first devices. */
	workload_server_died(emulation->workload, order->device);
	device_give(context, order, false);
}

static void
device_up(void *context, const struct fault_order *order)
{
	device_give(context, order, true);
}

static void
server_give(struct emulation *emulation, const struct fault_order *order,
	    enum work_kind kind, bool on)
{
	work_give(emulation, &(struct work){
				     .item = order->item,
				     .kind = kind,
				     .on = on,
				     .device = order->device,
			     });
}

static void
drain(void *context, const struct fault_order *order)
{
	server_give(context, order, WORK_DRAIN, true);
}

static void
undrain(void *context, const struct fault_order *order)
{
	server_give(context, order, WORK_DRAIN, false);
}

static void
daemon_kill(void *context, const struct fault_order *order)
{
	server_give(context, order, WORK_DAEMON, false);
}

static void
daemon_start(void *context, const struct fault_order *order)
{
	server_give(context, order, WORK_DAEMON, true);
}

static const struct fault_actions actions = {
	.link_down = link_down,
	.link_silent = link_silent,
	.link_up = link_up,
	.link_settings = link_settings,
	.router_down = router_down,
	.router_up = device_up,
	.server_crash = server_crash,
	.server_up = device_up,
	.drain = drain,
	.undrain = undrain,
	.daemon_kill = daemon_kill,
	.daemon_start = daemon_start,
	.path_find = path_find,
	.path_cut = path_cut,
	.path_missed = path_missed,
	.restore_ns = restore_ns,
	.changing = changing,
};

/* ---- the script ---- */

int
emulation_faults_create(struct emulation *emulation, char *error,
			size_t error_size)
{
	const struct settings *settings = emulation->settings;
	struct emulation_faults *faults = memory_zeroed(1, sizeof(*faults));

	emulation->faults = faults;
	/* The script draws what it draws in the simulator; of sides only a
	 * lab knows. */
	faults->rng = stream_rng(settings->seed, STREAM_FAULT, 0);
	struct rng sides = stream_rng(settings->seed, STREAM_FAULT, 1);
	faults->lower = memory_zeroed((size_t)settings->fault_count + 1, 1);
	faults->cut =
		memory_zeroed((size_t)emulation->lab.fabric->link_count + 1, 1);
	for (uint32_t i = 0; i < settings->fault_count; i++) {
		enum fault_side side = settings->faults[i].side;

		faults->lower[i] = side == FAULT_SIDE_LOWER;
		if (side == FAULT_SIDE_ANY)
			faults->lower[i] = (uint8_t)rng_below(&sides, 2);
	}
	return faults_create(&faults->script,
			     &(struct fault_world){
				     .actions = &actions,
				     .context = emulation,
				     .live = true,
				     .settings = settings,
				     .fabric = emulation->lab.fabric,
				     .queue = emulation->queue,
				     .workload = emulation->workload,
				     .watch = emulation->watch,
				     .rng = &faults->rng,
			     },
			     error, error_size);
}

void
emulation_faults_destroy(struct emulation_faults *faults)
{
	if (faults == NULL)
		return;
	faults_destroy(faults->script);
	free(faults->lower);
	free(faults->cut);
	free(faults);
}

void
emulation_faults_start(struct emulation *emulation)
{
	faults_start(emulation->faults->script);
}

void
emulation_faults_event(struct emulation *emulation, const struct event *event)
{
	faults_event(emulation->faults->script, emulation_now(emulation),
		     event);
}

void
emulation_faults_finish(struct emulation *emulation)
{
	faults_finish(emulation->faults->script);
	faults_remark(emulation->faults->script);
}
