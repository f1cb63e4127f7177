/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stint.c - lab up, one loop until the end, lab down
 *
 * Every wake-up reads the clock once and then hears, in this order: the queue
 * (what is due), the kernels about links, the hand, the daemons, the clients.
 * So a cut is known before the strays that it causes, whichever arrives
 * first; and strays that a daemon reports while a cut has been ordered but not
 * yet confirmed wait for the confirmation (STINT_HELD of them, which is ample
 * for some milliseconds; more are taken as they come).
 *
 * The run ends with measure.duration, or a little after the last session:
 * nothing that is measured can happen then. Whatever ends it, the lab goes.
 */
#include "harness/emulate/stint.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "harness/emulate/stint_state.h"
#include "sim/model/fault_kind.h"

#define TICK_MS	   1
#define MONITOR_NS (50 * NS_PER_MS) /* between tries of lost daemons */
#define GRACE_NS   (400 * NS_PER_MS) /* last lines of the daemons */
#define WAIT_NS	   (10 * NS_PER_S) /* for the hand, at the end */
#define EVENTS	   16
#define PRIORITY   (-10)

/* ---- before it begins ---- */

int
stint_possible(const struct settings *settings, char *error, size_t error_size)
{
	uint32_t event = fault_impossible(settings, true);

	if (lab_possible(settings, error, error_size) != 0)
		return -EINVAL;
	if (event < settings->fault_count)
		(void)snprintf(error, error_size, "event %u, %s: not in a lab",
			       event + 1,
			       fault_name(settings->faults[event].kind));
	else if (settings->measure.settings > 0 || settings->measure.rpcs > 0)
		(void)snprintf(error, error_size,
			       "measure: a lab stores sessions only, and makes "
			       "no calls");
	else if (settings->clients.sessions > 0 &&
		 settings->fabric.clients == 0)
		(void)snprintf(error, error_size,
			       "clients.sessions: there is no client host");
	else
		return 0;
	return -EINVAL;
}

void
stint_lab_name(const char *scenario, char *name)
{
	size_t size = (size_t)snprintf(name, LAB_NAME, STINT_PREFIX "%d",
				       (int)getpid());
	bool dash = true;

	for (; *scenario != '\0' && size < LAB_NAME - 2; scenario++) {
		char c = (char)tolower((unsigned char)*scenario);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) {
			dash = true;
			continue;
		}
		if (dash)
			name[size++] = '-';
		dash = false;
		name[size++] = c;
	}
	name[size] = '\0';
}

void
stint_sweep(void)
{
	DIR *folder = opendir("/run/homeward");
	const struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		int pid;

		if (sscanf(entry->d_name, STINT_PREFIX "%d-", &pid) != 1 ||
		    pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH)
			continue;
		fprintf(stderr, "homeward: removing lab %s, which was left\n",
			entry->d_name);
		(void)lab_down(entry->d_name);
	}
	if (folder != NULL)
		closedir(folder);
}

struct instant
stint_now(const struct stint *stint)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct instant){ now.tv_sec * NS_PER_S + now.tv_nsec -
				 stint->began_ns };
}

void
stint_fail(struct stint *stint, const char *format, ...)
{
	va_list arguments;

	if (stint->failure[0] != '\0')
		return;
	va_start(arguments, format);
	(void)vsnprintf(stint->failure, sizeof(stint->failure), format,
			arguments);
	va_end(arguments);
}

/* ---- what the daemons say ---- */

static void
measure(struct stint *stint, uint32_t server, const struct report *report,
	enum metric metric, struct instant at)
{
	struct watch_measurement m = {
		.metric = metric,
		.at = at,
		.value_ns = report->value,
		.node = server,
		.flow = workload_find(stint->workload, &report->key),
		.hops = report->hops,
		.local = report->local,
		.ok = report->ok,
	};

	stint->watch->measurement(stint->watch->context, &m);
}

/* The first packet of a flow that strays somewhere. */
static void
strayed(struct stint *stint, uint32_t server, const struct report *report,
	struct instant at)
{
	uint32_t flow = workload_find(stint->workload, &report->key);

	if (flow == WATCH_NONE)
		return;
	uint64_t before = workload_session(stint->workload, flow)->strays;

	/* The daemon says it of a flow that it did not know to stray: until
	 * now the flow's packets went elsewhere. */
	workload_home(stint->workload, flow);
	workload_stray(stint->workload, at, &report->key, server);
	if (workload_session(stint->workload, flow)->strays > before)
		stint_clients_strays(stint, flow, 0);
}

static void
take(struct stint *stint, uint32_t server, const struct report *report)
{
	struct instant at = { report->at.ns - stint->began_ns };
	uint32_t flow;

	if (at.ns < 0)
		return;
	switch (report->kind) {
	case REPORT_SETTING_FIRST:
		measure(stint, server, report, METRIC_SETTING_FIRST, at);
		break;
	case REPORT_SETTING_ALL:
		measure(stint, server, report, METRIC_SETTING_ALL, at);
		break;
	case REPORT_LOOKUP:
		measure(stint, server, report, METRIC_LOOKUP, at);
		break;
	case REPORT_STRAY:
		strayed(stint, server, report, at);
		break;
	case REPORT_STRAYS:
		flow = workload_find(stint->workload, &report->key);
		if (flow != WATCH_NONE && report->value > 0)
			stint_clients_strays(stint, flow,
					     (uint64_t)report->value);
		break;
	case REPORT_OPENED:
		flow = workload_find(stint->workload, &report->key);
		if (flow != WATCH_NONE)
			workload_owned(stint->workload, flow, server);
		break;
	case REPORT_CLOSED:
	case REPORT_KINDS:
		break;
	}
}

static void
on_report(void *context, uint32_t server, const struct report *report)
{
	struct stint *stint = context;

	if (stint->awaiting && report->kind == REPORT_STRAY &&
	    stint->held_count < STINT_HELD) {
		stint->held[stint->held_count].server = server;
		stint->held[stint->held_count++].report = *report;
		return;
	}
	take(stint, server, report);
}

void
stint_await(struct stint *stint)
{
	stint->awaiting = true;
}

void
stint_seen(struct stint *stint)
{
	stint->awaiting = false;
	for (uint32_t i = 0; i < stint->held_count; i++)
		take(stint, stint->held[i].server, &stint->held[i].report);
	stint->held_count = 0;
}

static void
on_carrier(void *context, struct instant now, uint32_t tag, bool up)
{
	struct stint *stint = context;

	(void)tag;
	if (up || !stint->awaiting)
		return;
	workload_fault_seen(stint->workload, now);
	stint_seen(stint);
}

/* ---- make ---- */

static int
links_watch(struct stint *stint)
{
	const struct fabric *fabric = stint->lab.fabric;
	int error = 0;

	for (uint32_t i = 0; error == 0 && i < 2 * fabric->link_count; i++) {
		uint32_t link = i / 2, end = i % 2;
		uint32_t port = fabric->links[link].ports[end];
		uint32_t device = fabric->ports[port].device;
		int namespace = lab_namespace(&stint->lab, device);

		if (namespace < 0)
			return -ENOENT;
		error = carrier_watch(stint->carrier, device, namespace,
				      lab_interface(&stint->lab, link, end), i);
		close(namespace);
	}
	return error;
}

static void
daemons_listen(struct stint *stint)
{
	char path[LAB_PATH];

	if (!stint->settings->service.homeward)
		return;
	for (uint32_t i = 0; i < stint->settings->fabric.servers; i++) {
		lab_control_path(&stint->lab, i, path);
		int error = monitor_add(stint->monitor, path);
		if (error != 0)
			stint_fail(stint, "%s: %s", path, strerror(-error));
	}
}

/* A descriptor to the loop; what it is is found again by asking all. */
static void
descriptor_add(const struct stint *stint, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd >= 0)
		(void)epoll_ctl(stint->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int
parts_create(struct stint *stint, char *error, size_t error_size)
{
	struct carrier_listener links = { stint, on_carrier };
	struct monitor_listener daemons = { stint, on_report };

	stint->queue = queue_create();
	stint->workload =
		workload_create(stint->settings, stint->queue, stint->watch);
	stint->hand = hand_create();
	stint->carrier = carrier_create(&links);
	stint->monitor = monitor_create(&daemons);
	stint->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (stint->hand == NULL || stint->carrier == NULL ||
	    stint->monitor == NULL || stint->epoll < 0) {
		(void)snprintf(error, error_size, "%s", strerror(errno));
		return -EIO;
	}
	int code = stint_faults_create(stint, error, error_size);
	if (code != 0)
		return code;
	if (stint_clients_create(stint) != 0 || stint_cuts_create(stint) != 0 ||
	    stint_lookups_create(stint) != 0 || links_watch(stint) != 0) {
		(void)snprintf(error, error_size,
			       "the lab's namespaces cannot be entered");
		return -EIO;
	}
	daemons_listen(stint);
	descriptor_add(stint, stint->signals);
	descriptor_add(stint, hand_fd(stint->hand));
	descriptor_add(stint, carrier_fd(stint->carrier));
	descriptor_add(stint, monitor_fd(stint->monitor));
	descriptor_add(stint, stint_clients_fd(stint, true));
	descriptor_add(stint, stint_clients_fd(stint, false));
	return 0;
}

static void
parts_destroy(struct stint *stint)
{
	/* First what calls others back. */
	hand_destroy(stint->hand);
	stint_clients_destroy(stint->clients);
	stint_faults_destroy(stint->faults);
	stint_cuts_destroy(stint->cuts);
	stint_lookups_destroy(stint->lookups);
	carrier_destroy(stint->carrier);
	monitor_destroy(stint->monitor);
	workload_destroy(stint->workload);
	queue_destroy(stint->queue);
	if (stint->epoll >= 0)
		close(stint->epoll);
}

/* ---- the loop ---- */

static void
handle(struct stint *stint, const struct event *event)
{
	switch ((enum event_kind)event->kind) {
	case EVENT_WORKLOAD:
		if (event->code == WORKLOAD_ARRIVAL) {
			stint_clients_arrival(stint);
		} else if (event->code == WORKLOAD_OPERATION) {
			stint_lookups_event(stint);
		} else {
			stint_clients_close(stint, true);
			workload_event(stint->workload, stint_now(stint),
				       event);
		}
		break;
	case EVENT_FAULT:
		stint_faults_event(stint, event);
		break;
	case EVENT_HOST:
		if (event->code == STINT_CLOSE)
			stint_clients_close(stint, false);
		else
			stint_cut_event(stint);
		break;
	default:
		break;
	}
}

static void
signals_read(struct stint *stint)
{
	struct signalfd_siginfo info;

	if (read(stint->signals, &info, sizeof(info)) == sizeof(info))
		stint->stopped = true;
}

static void
wake(struct stint *stint, struct instant now)
{
	struct event event;

	while (stint->failure[0] == '\0' &&
	       queue_next(stint->queue, now, &event))
		handle(stint, &event);
	carrier_ready(stint->carrier, now);
	hand_ready(stint->hand);
	monitor_ready(stint->monitor);
	stint_clients_ready(stint, now);
	stint_clients_tick(stint, now);
	signals_read(stint);
}

static void
loop(struct stint *stint)
{
	const struct watch *watch = stint->watch;
	struct instant now = stint_now(stint), looked = now, over = now;
	struct epoll_event events[EVENTS];

	while (!stint->stopped && stint->failure[0] == '\0' &&
	       instant_before(now, stint->end)) {
		(void)epoll_wait(stint->epoll, events, EVENTS, TICK_MS);
		now = stint_now(stint);
		wake(stint, now);
		if (!stint_clients_over(stint) || hand_pending(stint->hand) > 0)
			over = now;
		else if (instant_distance_ns(over, now) > GRACE_NS)
			break;
		if (instant_distance_ns(looked, now) < MONITOR_NS)
			continue;
		looked = now;
		monitor_tick(stint->monitor);
		if (watch->progress != NULL &&
		    !watch->progress(watch->context, now, stint->end,
				     queue_popped(stint->queue)))
			stint->stopped = true;
	}
}

/* Orders and uploads that the hand has not finished. */
static void
hand_wait(struct stint *stint)
{
	struct instant now = stint_now(stint);
	struct instant end = instant_after(now, WAIT_NS);

	while (hand_pending(stint->hand) > 0 && instant_before(now, end)) {
		(void)usleep(1000);
		now = stint_now(stint);
		carrier_ready(stint->carrier, now);
		hand_ready(stint->hand);
	}
}

/* ---- the end ---- */

struct counter_context {
	const struct watch *watch;
	const char *node;
};

static void
on_counter(void *context, const char *name, uint64_t value)
{
	const struct counter_context *where = context;

	/* Of so many reasons only those that occurred, as simulated. */
	if (value == 0 && strncmp(name, "drop_", 5) == 0)
		return;
	where->watch->counter(where->watch->context, where->node, name, value);
}

static void
counters_report(struct stint *stint)
{
	char path[LAB_PATH];

	stint_clients_report(stint);
	if (!stint->settings->service.homeward)
		return;
	for (uint32_t i = 0; i < stint->settings->fabric.servers; i++) {
		struct counter_context context = {
			stint->watch, stint->lab.fabric->names[i]
		};

		lab_control_path(&stint->lab, i, path);
		int error = monitor_counters(path, on_counter, &context);
		if (error != 0)
			fprintf(stderr, "homeward: %s: no counters: %s\n", path,
				strerror(-error));
	}
}

static void
finish(struct stint *stint)
{
	hand_wait(stint);
	stint_clients_close(stint, true);
	stint_faults_finish(stint);
	stint_cut_end(stint);
	workload_finish(stint->workload, stint_now(stint));
	counters_report(stint);
}

static void
run(struct stint *stint)
{
	struct event event;

	/* Who takes the times comes first; this thread alone. */
	(void)setpriority(PRIO_PROCESS, 0, PRIORITY);
	stint->zero = stint_now(stint);
	stint->end = instant_after(stint->zero,
				   stint->settings->measure.duration_ns);
	/* The queue's time begins where the scenario's does. */
	(void)queue_next(stint->queue, stint->zero, &event);
	stint_clients_start(stint);
	stint_lookups_start(stint);
	stint_faults_start(stint);
	loop(stint);
	if (stint->failure[0] == '\0' && !stint->stopped)
		finish(stint);
}

/* Thousands of sessions are thousands of descriptors. */
static void
descriptors_allow(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < 65536)
		limit.rlim_max = 65536;
	limit.rlim_cur = limit.rlim_max < 1048576 ? limit.rlim_max : 1048576;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* SIGTERM is read by the loop from now on. */
static int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int
stint_do(struct stint *stint, const char *lab_name, char *error,
	 size_t error_size)
{
	if (lab_up(&stint->lab, lab_name, stint->settings) != 0) {
		(void)snprintf(error, error_size, "the lab could not be built");
		return -EIO;
	}
	int code = parts_create(stint, error, error_size);
	if (code == 0) {
		run(stint);
		(void)snprintf(error, error_size, "%s", stint->failure);
		if (stint->stopped)
			(void)snprintf(error, error_size, "stopped");
		code = error[0] != '\0' ? -EIO : 0;
	}
	if (stint->queue != NULL)
		stint->events = queue_popped(stint->queue);
	parts_destroy(stint);
	(void)lab_down(lab_name);
	lab_close(&stint->lab);
	return code;
}

int
stint_run(const char *lab_name, const struct settings *settings,
	  const struct watch *watch, struct world_result *result, char *error,
	  size_t error_size)
{
	struct stint *stint = calloc(1, sizeof(*stint));
	struct timespec now;

	error[0] = '\0';
	if (stint == NULL)
		return -ENOMEM;
	clock_gettime(CLOCK_MONOTONIC, &now);
	stint->began_ns = now.tv_sec * NS_PER_S + now.tv_nsec;
	stint->settings = settings;
	stint->watch = watch;
	stint->epoll = -1;
	descriptors_allow();
	stint->signals = signals_open();
	int code = stint_possible(settings, error, error_size);
	if (code == 0)
		code = stint_do(stint, lab_name, error, error_size);
	*result = (struct world_result){
		.events = stint->events,
		.zero = stint->zero,
		.end = stint_now(stint),
		.stopped = stint->stopped,
	};
	if (stint->signals >= 0)
		close(stint->signals);
	free(stint);
	return code;
}
