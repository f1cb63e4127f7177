/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emulation.c - lab up, one loop until the end, lab down
 *
 * Every wake-up reads the clock once and then hears, in this order: the queue
 * (what is due), the kernels about links, the worker, the daemons, the clients.
 * So a failure of a link is known before the strays that it causes, even if a
 * daemon's line came before the kernel's (emulation_report.c).
 *
 * The run ends with measure.duration, or a little after the last session:
 * nothing that is measured can happen then. Whatever ends it, the lab goes.
 */
#include "harness/emulate/emulation.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "harness/emulate/emulation_state.h"
#include "harness/emulate/fault_actions.h"
#include "sim/model/fault_kind.h"

#define TICK_MS	 1
#define WATCH_NS (50 * NS_PER_MS) /* between tries of lost daemons */
#define GRACE_NS (400 * NS_PER_MS) /* last lines of the daemons */
#define WAIT_NS	 (10 * NS_PER_S) /* for the worker, at the end */
#define EVENTS	 16
#define PRIORITY (-10)

/* ---- before it begins ---- */

int
emulation_possible(const struct settings *settings, char *error,
		   size_t error_size)
{
	uint32_t event = fault_kind_impossible(settings, true);

	if (lab_possible(settings, error, error_size) != 0)
		return -EINVAL;
	if (event < settings->fault_count)
		(void)snprintf(error, error_size, "event %u, %s: not in a lab",
			       event + 1,
			       fault_name(settings->faults[event].kind));
	else
		return 0;
	return -EINVAL;
}

void
emulation_lab_name(const char *scenario, char *name)
{
	size_t size = (size_t)snprintf(name, LAB_NAME, EMULATION_PREFIX "%d",
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
emulation_sweep(void)
{
	DIR *folder = opendir("/run/homeward");
	const struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		int pid;

		if (sscanf(entry->d_name, EMULATION_PREFIX "%d-", &pid) != 1 ||
		    pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH)
			continue;
		fprintf(stderr, "homeward: removing lab %s, which was left\n",
			entry->d_name);
		(void)lab_down(entry->d_name);
	}
	if (folder != NULL)
		closedir(folder);
}

/* ---- make ---- */

static void
on_link_event(void *context, struct instant now, uint32_t tag, bool up)
{
	struct emulation *emulation = context;

	(void)tag;
	if (up || !emulation->awaiting)
		return;
	workload_fault_seen(emulation->workload, now);
	emulation_seen(emulation);
}

static int
links_watch(struct emulation *emulation)
{
	const struct fabric *fabric = emulation->lab.fabric;
	int error = 0;

	for (uint32_t i = 0; error == 0 && i < 2 * fabric->link_count; i++) {
		uint32_t link = i / 2, end = i % 2;
		uint32_t port = fabric->links[link].ports[end];
		uint32_t device = fabric->ports[port].device;
		int namespace = lab_namespace(&emulation->lab, device);

		if (namespace < 0)
			return -ENOENT;
		error = link_events_watch(
			emulation->link_events, device, namespace,
			lab_interface(&emulation->lab, link, end), i);
		close(namespace);
	}
	return error;
}

static void
daemons_listen(struct emulation *emulation)
{
	char path[LAB_PATH];

	if (emulation->settings->service.scheme != SCHEME_HOMEWARD)
		return;
	for (uint32_t i = 0; i < emulation->settings->fabric.servers; i++) {
		lab_control_path(&emulation->lab, i, path);
		int error = watch_client_add(emulation->watch_client, path);
		if (error != 0)
			emulation_fail(emulation, "%s: %s", path,
				       strerror(-error));
	}
}

/* A descriptor to the loop: wake() asks all sources, so its event needs no
 * name. */
static void
descriptor_add(const struct emulation *emulation, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd >= 0)
		(void)epoll_ctl(emulation->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int
parts_create(struct emulation *emulation, char *error, size_t error_size)
{
	struct link_events_listener links = { emulation, on_link_event };
	struct watch_client_listener daemons = { emulation,
						 emulation_report_take };

	emulation->queue = queue_create();
	emulation->workload = workload_create(
		emulation->settings, emulation->queue, emulation->watch);
	emulation->daemon_counters =
		daemon_counters_create(emulation->settings->fabric.servers);
	emulation->worker = worker_create();
	emulation->link_events = link_events_create(&links);
	emulation->watch_client = watch_client_create(&daemons);
	emulation->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (emulation->worker == NULL || emulation->link_events == NULL ||
	    emulation->watch_client == NULL || emulation->epoll < 0) {
		(void)snprintf(error, error_size, "%s", strerror(errno));
		return -EIO;
	}
	int code = emulation_faults_create(emulation, error, error_size);
	if (code != 0)
		return code;
	if (emulation_clients_create(emulation) != 0 ||
	    retransmission_probe_create(emulation) != 0 ||
	    emulation_lookups_create(emulation) != 0 ||
	    links_watch(emulation) != 0) {
		(void)snprintf(error, error_size,
			       "the lab's namespaces cannot be entered");
		return -EIO;
	}
	daemons_listen(emulation);
	descriptor_add(emulation, emulation->signals);
	descriptor_add(emulation, worker_fd(emulation->worker));
	descriptor_add(emulation, link_events_fd(emulation->link_events));
	descriptor_add(emulation, watch_client_fd(emulation->watch_client));
	descriptor_add(emulation, emulation_clients_fd(emulation, true));
	descriptor_add(emulation, emulation_clients_fd(emulation, false));
	return 0;
}

static void
parts_destroy(struct emulation *emulation)
{
	/* The worker first: its jobs call the other parts back. */
	worker_destroy(emulation->worker);
	daemon_counters_destroy(emulation->daemon_counters);
	emulation_clients_destroy(emulation->clients);
	emulation_faults_destroy(emulation->faults);
	retransmission_probe_destroy(emulation->probe);
	emulation_lookups_destroy(emulation->lookups);
	link_events_destroy(emulation->link_events);
	watch_client_destroy(emulation->watch_client);
	workload_destroy(emulation->workload);
	queue_destroy(emulation->queue);
	if (emulation->epoll >= 0)
		close(emulation->epoll);
}

/* ---- the loop ---- */

static void
handle(struct emulation *emulation, const struct event *event)
{
	switch ((enum event_kind)event->kind) {
	case EVENT_WORKLOAD:
		if (event->code == WORKLOAD_ARRIVAL) {
			emulation_clients_arrival(emulation);
		} else if (event->code == WORKLOAD_DHT_LOAD) {
			emulation_lookups_event(emulation);
		} else {
			emulation_clients_close(emulation, true);
			workload_event(emulation->workload,
				       emulation_now(emulation), event);
		}
		break;
	case EVENT_FAULT:
		emulation_faults_event(emulation, event);
		break;
	case EVENT_HOST:
		if (event->code == EMULATION_CLOSE)
			emulation_clients_close(emulation, false);
		else
			retransmission_probe_event(emulation);
		break;
	default:
		break;
	}
}

static void
signals_read(struct emulation *emulation)
{
	struct signalfd_siginfo info;

	if (read(emulation->signals, &info, sizeof(info)) == sizeof(info))
		emulation->stopped = true;
}

static void
wake(struct emulation *emulation, struct instant now)
{
	struct event event;

	while (emulation->failure[0] == '\0' &&
	       queue_next(emulation->queue, now, &event))
		handle(emulation, &event);
	link_events_ready(emulation->link_events, now);
	worker_ready(emulation->worker);
	watch_client_ready(emulation->watch_client);
	emulation_clients_ready(emulation, now);
	emulation_clients_tick(emulation, now);
	signals_read(emulation);
}

static void
loop(struct emulation *emulation)
{
	const struct watch *watch = emulation->watch;
	struct instant now = emulation_now(emulation), looked = now, over = now;
	struct epoll_event events[EVENTS];

	while (!emulation->stopped && emulation->failure[0] == '\0' &&
	       instant_before(now, emulation->end)) {
		(void)epoll_wait(emulation->epoll, events, EVENTS, TICK_MS);
		now = emulation_now(emulation);
		wake(emulation, now);
		if (!emulation_clients_over(emulation) ||
		    worker_pending(emulation->worker) > 0)
			over = now;
		else if (instant_distance_ns(over, now) > GRACE_NS)
			break;
		if (instant_distance_ns(looked, now) < WATCH_NS)
			continue;
		looked = now;
		watch_client_tick(emulation->watch_client);
		if (watch->progress != NULL &&
		    !watch->progress(watch->context, now, emulation->end,
				     queue_popped(emulation->queue)))
			emulation->stopped = true;
	}
}

/* Orders and uploads that the worker has not finished. */
static void
worker_wait(struct emulation *emulation)
{
	struct instant now = emulation_now(emulation);
	struct instant end = instant_after(now, WAIT_NS);

	while (worker_pending(emulation->worker) > 0 &&
	       instant_before(now, end)) {
		(void)usleep(1000);
		now = emulation_now(emulation);
		link_events_ready(emulation->link_events, now);
		worker_ready(emulation->worker);
	}
}

/* ---- the end ---- */

static void
counters_report(struct emulation *emulation)
{
	char path[LAB_PATH];

	emulation_clients_report(emulation);
	if (emulation->settings->service.scheme != SCHEME_HOMEWARD)
		return;
	for (uint32_t i = 0; i < emulation->settings->fabric.servers; i++) {
		lab_control_path(&emulation->lab, i, path);
		int error = daemon_counters_report(
			emulation->daemon_counters, i, path,
			emulation->lab.fabric->names[i], emulation->watch);
		if (error != 0)
			fprintf(stderr, "homeward: %s: no counters: %s\n", path,
				strerror(-error));
	}
}

static void
finish(struct emulation *emulation)
{
	worker_wait(emulation);
	emulation_clients_close(emulation, true);
	emulation_faults_finish(emulation);
	retransmission_probe_end(emulation);
	workload_finish(emulation->workload, emulation_now(emulation));
	counters_report(emulation);
}

static void
run(struct emulation *emulation)
{
	struct event event;

	/* The thread that takes the times comes first; this one alone. */
	(void)setpriority(PRIO_PROCESS, 0, PRIORITY);
	emulation->zero = emulation_now(emulation);
	emulation->end = instant_after(
		emulation->zero, emulation->settings->measure.duration_ns);
	/* The queue's time begins where the scenario's does. */
	(void)queue_next(emulation->queue, emulation->zero, &event);
	emulation_clients_start(emulation);
	emulation_lookups_start(emulation);
	emulation_faults_start(emulation);
	loop(emulation);
	if (emulation->failure[0] == '\0' && !emulation->stopped)
		finish(emulation);
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
emulation_do(struct emulation *emulation, const char *lab_name, char *error,
	     size_t error_size)
{
	if (lab_up(&emulation->lab, lab_name, emulation->settings) != 0) {
		(void)snprintf(error, error_size, "the lab could not be built");
		return -EIO;
	}
	int code = parts_create(emulation, error, error_size);
	if (code == 0) {
		run(emulation);
		(void)snprintf(error, error_size, "%s", emulation->failure);
		if (emulation->stopped)
			(void)snprintf(error, error_size, "stopped");
		code = error[0] != '\0' ? -EIO : 0;
	}
	if (emulation->queue != NULL)
		emulation->events = queue_popped(emulation->queue);
	parts_destroy(emulation);
	(void)lab_down(lab_name);
	lab_close(&emulation->lab);
	return code;
}

int
emulation_run(const char *lab_name, const struct settings *settings,
	      const struct watch *watch, struct world_result *result,
	      char *error, size_t error_size)
{
	struct emulation *emulation = calloc(1, sizeof(*emulation));
	struct timespec now;

	error[0] = '\0';
	if (emulation == NULL)
		return -ENOMEM;
	clock_gettime(CLOCK_MONOTONIC, &now);
	emulation->began_ns = now.tv_sec * NS_PER_S + now.tv_nsec;
	emulation->settings = settings;
	emulation->watch = watch;
	emulation->epoll = -1;
	descriptors_allow();
	emulation->signals = signals_open();
	int code = emulation_possible(settings, error, error_size);
	if (code == 0)
		code = emulation_do(emulation, lab_name, error, error_size);
	*result = (struct world_result){
		.events = emulation->events,
		.zero = emulation->zero,
		.end = emulation_now(emulation),
		.stopped = emulation->stopped,
	};
	if (emulation->signals >= 0)
		close(emulation->signals);
	free(emulation);
	return code;
}
