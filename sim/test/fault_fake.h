/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_fake.h - a world that only writes down; for tests of fault.c
 *
 * The fabric, the queue and the workload are real; links, routers, servers and
 * daemons are a log of what the script asked for, when and for which event:
 *
 *	1 link_up exit1-spine1 #0	an action, asked for by event 0
 *	1 ! link_down exit1-spine1 #0	changing() came before it
 *	1 = link_down exit1-spine1	what the watch was told
 *	1.5 detection 0.5		a first stray was timed: so much later
 *	11 stall			a stall window ended
 *
 * The paper's fabric: 2 exits, 2 spines, 4 leaves, 4 servers; session 0 belongs
 * to server1 and makes progress twice a second.
 *
 * A row of a test is a script, as text, and the log that it must make.
 */
#ifndef SIM_TEST_FAULT_FAKE_H
#define SIM_TEST_FAULT_FAKE_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/instant.h"
#include "core/test/check.h"
#include "sim/model/fault.h"
#include "sim/model/fault_kind.h"

#define MS NS_PER_MS
#define S  NS_PER_S

#define LOG	    8192
#define FAULTS	    4
#define TARGETS	    8
#define PATH	    8
#define RESTORE_NS  (2 * S)
#define ANSWER_NS   (100 * MS) /* of a world that answers later */
#define SEED	    7
#define PROGRESS_NS (500 * MS)

enum fake_code { /* of EVENT_HOST */
	FAKE_PROGRESS,
	FAKE_ANSWER, /* the path, to item a */
	FAKE_RESTORED, /* the routes, to item a */
	FAKE_OVER, /* session a closes */
};

struct fake {
	struct settings settings;
	struct fault_settings faults[FAULTS];
	char targets[TARGETS][FAULT_TARGET_BYTES]; /* of their lists */
	uint32_t target_count;
	struct fabric *fabric;
	struct queue *queue;
	struct workload *workload;
	struct watch watch;
	struct rng rng;
	struct faults *script;
	const char *path; /* names of the links that every session crosses */
	const char *strays; /* a cut of this link strays the open session */
	bool probes; /* a stray of session 0 with each progress */
	bool later; /* answers come later, as a lab's do */
	bool down[8]; /* servers */
	uint64_t bytes;
	bool changing; /* was called, and nothing was said since */
	struct instant now;
	char log[LOG];
	size_t size;
};

static void __attribute__((format(printf, 2, 3)))
say(struct fake *fake, const char *format, ...)
{
	va_list arguments;
	int size =
		snprintf(fake->log + fake->size, LOG - fake->size, "%s%g %s",
			 fake->size > 0 ? "; " : "", (double)fake->now.ns / 1e9,
			 fake->changing ? "! " : "");

	fake->changing = false;
	fake->size += (size_t)size;
	va_start(arguments, format);
	size = vsnprintf(fake->log + fake->size, LOG - fake->size, format,
			 arguments);
	va_end(arguments);
	fake->size += (size_t)size;
}

/* ---- actions ---- */

static void
link_name(const struct fake *fake, uint32_t link, char name[40])
{
	const struct fabric *fabric = fake->fabric;
	const uint32_t *ports = fabric->links[link].ports;

	(void)snprintf(name, 40, "%s-%s",
		       fabric->names[fabric->ports[ports[0]].device],
		       fabric->names[fabric->ports[ports[1]].device]);
}

static void
link_said(struct fake *fake, const struct fault_order *order, const char *verb)
{
	char name[40];

	CHECK(order->now.ns == fake->now.ns);
	link_name(fake, order->link, name);
	say(fake, "%s %s #%u", verb, name, order->item);
}

static void
device_said(struct fake *fake, const struct fault_order *order,
	    const char *verb)
{
	CHECK(order->now.ns == fake->now.ns);
	say(fake, "%s %s #%u", verb, fake->fabric->names[order->device],
	    order->item);
}

static struct session_key
key_of(uint32_t flow)
{
	return (struct session_key){
		.family = 4,
		.client = { 20, 1, 0, 1 },
		.client_port = { 1, (uint8_t)flow },
		.service = { 192, 168, 0, 1 },
		.service_port = { 0, 80 },
	};
}

/* A packet of every open session comes to server2. */
static void
stray(struct fake *fake)
{
	for (uint32_t i = 0; i < workload_count(fake->workload); i++) {
		const struct session_key key = key_of(i);

		workload_home(fake->workload, i);
		workload_stray(fake->workload, fake->now, &key, 1);
	}
}

static void
cut_said(struct fake *fake, const struct fault_order *order, const char *verb)
{
	char name[40];

	link_said(fake, order, verb);
	link_name(fake, order->link, name);
	if (fake->strays != NULL && strcmp(fake->strays, name) == 0)
		stray(fake);
}

static void
link_down(void *context, const struct fault_order *order)
{
	cut_said(context, order, "link_down");
}

static void
link_silent(void *context, const struct fault_order *order)
{
	static const char *const verbs[] = { "link_silent", "link_silent up",
					     "link_silent down" };

	cut_said(context, order, verbs[order->way]);
}

/* "link_settings exit1-spine1 #0 loss 50000": what the fabric has not. */
static void
link_settings(void *context, const struct fault_order *order)
{
	struct fake *fake = context;
	const struct link_settings *usual =
		fabric_link_settings(fake->fabric, order->link);
	const struct link_settings *now = order->settings;
	const struct {
		const char *name;
		double usual, now;
	} rows[] = {
		{ "loss", usual->loss_ppm, now->loss_ppm },
		{ "duplicate", usual->duplicate_ppm, now->duplicate_ppm },
		{ "reorder", usual->reorder_ppm, now->reorder_ppm },
		{ "delay", (double)usual->delay_ns, (double)now->delay_ns },
		{ "rate", (double)usual->rate_bps, (double)now->rate_bps },
	};

	CHECK(now->mtu_bytes == usual->mtu_bytes);
	CHECK(now->queue_bytes == usual->queue_bytes);
	link_said(fake, order, "link_settings");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].now != rows[i].usual)
			fake->size += (size_t)snprintf(
				fake->log + fake->size, LOG - fake->size,
				" %s %g", rows[i].name, rows[i].now);
}

static void
link_up(void *context, const struct fault_order *order)
{
	link_said(context, order, "link_up");
}

#define DEVICE_ACTION(name)                                                    \
	static void name(void *context, const struct fault_order *order)       \
	{                                                                      \
		device_said(context, order, #name);                            \
	}
DEVICE_ACTION(router_down)
DEVICE_ACTION(router_up)
DEVICE_ACTION(drain)
DEVICE_ACTION(undrain)
DEVICE_ACTION(leave)
DEVICE_ACTION(daemon_kill)
DEVICE_ACTION(daemon_start)

/* "attack_begin #0": whose packets they are. */
static void
attack_begin(void *context, const struct fault_order *order)
{
	say(context, "attack_begin #%u", order->item);
}

static void
attack_end(void *context, const struct fault_order *order)
{
	say(context, "attack_end #%u", order->item);
}

static void
server_crash(void *context, const struct fault_order *order)
{
	struct fake *fake = context;

	fake->down[order->device] = true;
	device_said(fake, order, "server_crash");
}

static void
server_up(void *context, const struct fault_order *order)
{
	struct fake *fake = context;

	fake->down[order->device] = false;
	device_said(fake, order, "server_up");
}

static uint32_t
server_random(void *context)
{
	struct fake *fake = context;
	uint32_t servers = fake->settings.fabric.servers;
	uint32_t server = (uint32_t)rng_below(&fake->rng, servers);

	return fake->down[server] ? WATCH_NONE : server;
}

static bool
server_is_up(void *context, uint32_t server)
{
	const struct fake *fake = context;

	return !fake->down[server];
}

static void
later(struct fake *fake, enum fake_code code, uint32_t a, int64_t delay_ns)
{
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_HOST,
		.code = (uint16_t)code,
		.a = a,
	};

	queue_schedule(fake->queue, 0, delay_ns, &event);
}

static void
path_answer(struct fake *fake, uint32_t item)
{
	uint32_t links[PATH], count = 0;
	char name[40];
	int size;

	for (const char *at = fake->path;
	     sscanf(at, "%39s%n", name, &size) == 1; at += size)
		links[count++] = fabric_link_find(fake->fabric, name);
	faults_path(fake->script, fake->now, item, links, count);
}

static void
path_find(void *context, const struct fault_order *order)
{
	struct fake *fake = context;

	CHECK(order->now.ns == fake->now.ns);
	say(fake, "path_find %u #%u", order->flow, order->item);
	if (fake->later)
		later(fake, FAKE_ANSWER, order->item, ANSWER_NS);
	else
		path_answer(fake, order->item);
}

static void
path_cut(void *context, const struct fault_order *order)
{
	struct fake *fake = context;

	say(fake, "path_cut %u #%u", order->flow, order->item);
}

static void
path_missed(void *context)
{
	say(context, "path_missed");
}

static int64_t
restore_ns(void *context, uint32_t item)
{
	struct fake *fake = context;

	if (!fake->later)
		return RESTORE_NS;
	later(fake, FAKE_RESTORED, item, RESTORE_NS);
	return -1;
}

static void
changing(void *context)
{
	struct fake *fake = context;

	CHECK(!fake->changing);
	fake->changing = true;
}

static const struct fault_actions actions = {
	.link_down = link_down,
	.link_silent = link_silent,
	.link_up = link_up,
	.link_settings = link_settings,
	.router_down = router_down,
	.router_up = router_up,
	.server_crash = server_crash,
	.server_up = server_up,
	.drain = drain,
	.undrain = undrain,
	.leave = leave,
	.daemon_kill = daemon_kill,
	.daemon_start = daemon_start,
	.attack_begin = attack_begin,
	.attack_end = attack_end,
	.path_find = path_find,
	.path_cut = path_cut,
	.path_missed = path_missed,
	.restore_ns = restore_ns,
	.changing = changing,
	.server_random = server_random,
	.server_is_up = server_is_up,
};

/* ---- the watch ---- */

static void
on_fault(void *context, struct instant at, const char *kind, const char *target)
{
	struct fake *fake = context;

	/* A cut that had to prove itself is of an earlier time. */
	if (at.ns == fake->now.ns)
		say(fake, "= %s %s", kind, target);
	else
		say(fake, "= %s %s at %g", kind, target, (double)at.ns / 1e9);
}

static void
on_measurement(void *context, const struct watch_measurement *m)
{
	struct fake *fake = context;

	if (m->metric == METRIC_STALL)
		say(fake, "stall");
	else if (m->metric == METRIC_DETECTION)
		say(fake, "detection %g", (double)m->value_ns / 1e9);
}

/* ---- a run ---- */

static int
make(struct fake *fake, uint32_t sessions, bool live, char *error, size_t size)
{
	struct settings *settings = &fake->settings;

	settings->clients.sessions = sessions;
	settings->faults = fake->faults;
	settings->fault_targets =
		(const char(*)[FAULT_TARGET_BYTES])fake->targets;
	settings->fabric = faults_fabric(settings);
	uint32_t joining = settings->fabric.later;

	fake->watch = (struct watch){
		.context = fake,
		.fault = on_fault,
		.measurement = on_measurement,
	};
	CHECK(fabric_create(&fake->fabric, &settings->fabric, error, size) ==
	      0);
	fake->queue = queue_create();
	fake->workload = workload_create(settings, fake->queue, &fake->watch);
	rng_init(&fake->rng, SEED, 0);
	return faults_create(&fake->script,
			     &(struct fault_world){
				     .actions = &actions,
				     .context = fake,
				     .live = live,
				     .settings = settings,
				     .joining = joining,
				     .fabric = fake->fabric,
				     .queue = fake->queue,
				     .workload = fake->workload,
				     .watch = &fake->watch,
				     .rng = &fake->rng,
			     },
			     error, size);
}

static void
unmake(struct fake *fake)
{
	faults_destroy(fake->script);
	workload_destroy(fake->workload);
	queue_destroy(fake->queue);
	fabric_destroy(fake->fabric);
}

static void
handle(struct fake *fake, const struct event *event)
{
	fake->now = queue_now(fake->queue);
	if (event->kind == EVENT_FAULT) {
		faults_event(fake->script, fake->now, event);
		return;
	}
	if (event->kind == EVENT_WORKLOAD) {
		workload_event(fake->workload, fake->now, event);
		return;
	}
	switch ((enum fake_code)event->code) {
	case FAKE_PROGRESS:
		fake->bytes++;
		for (uint32_t i = 0; i < workload_count(fake->workload); i++)
			workload_progress(fake->workload, fake->now, i,
					  fake->bytes);
		if (fake->probes)
			stray(fake);
		later(fake, FAKE_PROGRESS, 0, PROGRESS_NS);
		break;
	case FAKE_ANSWER:
		path_answer(fake, event->a);
		break;
	case FAKE_RESTORED:
		faults_restored(fake->script, fake->now, event->a);
		break;
	case FAKE_OVER:
		workload_close(fake->workload, fake->now, event->a,
			       OUTCOME_CLOSED);
		break;
	}
}

static void
play(struct fake *fake, uint32_t sessions, int64_t until_ns)
{
	struct event event;

	for (uint32_t i = 0; i < sessions; i++) {
		const struct session_key key = key_of(i);

		workload_open(fake->workload, fake->now, i, &key);
		workload_owned(fake->workload, i, 0);
	}
	later(fake, FAKE_PROGRESS, 0, PROGRESS_NS / 2);
	faults_start(fake->script);
	while (queue_next(fake->queue, (struct instant){ until_ns }, &event))
		handle(fake, &event);
	faults_finish(fake->script);
}

static void
check_log(const struct fake *fake, const char *wanted, const char *sentence)
{
	CHECK_ROW(strcmp(fake->log, wanted) == 0, sentence);
	if (strcmp(fake->log, wanted) != 0)
		fprintf(stderr, "%s\n--- got\n%s\n--- wanted\n%s\n---\n",
			sentence, fake->log, wanted);
}

/* ---- tables ---- */

#define WHOLE "edge1-exit1 exit1-spine1 spine1-leaf1 leaf1-server1"

static bool driven[FAULT_KINDS];

struct row {
	const char *sentence;
	const char *script; /* see fault_read(); events with a comma between */
	const char *log;
	/* Cuts on a path: */
	const char *path, *strays; /* see struct fake */
	bool later;
	uint32_t over; /* of two sessions so many are over before */
};

/* What a link_degrade changes: per cent, milliseconds, Mbit/s. */
static bool
degree_read(const char *word, double value, struct fault_settings *fault)
{
	struct link_settings *link = &fault->link;

	if (strcmp(word, "loss") == 0) {
		link->loss_ppm = (uint32_t)(value * 1e4);
		fault->given |= FAULT_KEY_LOSS;
	} else if (strcmp(word, "duplicate") == 0) {
		link->duplicate_ppm = (uint32_t)(value * 1e4);
		fault->given |= FAULT_KEY_DUPLICATE;
	} else if (strcmp(word, "reorder") == 0) {
		link->reorder_ppm = (uint32_t)(value * 1e4);
		fault->given |= FAULT_KEY_REORDER;
	} else if (strcmp(word, "delay") == 0) {
		link->delay_ns = (int64_t)(value * 1e6);
		fault->given |= FAULT_KEY_DELAY;
	} else if (strcmp(word, "rate") == 0) {
		link->rate_bps = (uint64_t)(value * 1e6);
		fault->given |= FAULT_KEY_RATE;
	} else {
		return false;
	}
	return true;
}

/* "server1+leaf*": a list of two. */
static void
target_read(char *text, struct fake *fake, struct fault_settings *fault)
{
	if (strchr(text, '+') == NULL) {
		memcpy(fault->target, text, sizeof(fault->target));
		return;
	}
	fault->list_first = fake->target_count;
	for (const char *one; (one = strsep(&text, "+")) != NULL;) {
		(void)snprintf(fake->targets[fake->target_count++],
			       FAULT_TARGET_BYTES, "%s", one);
		fault->list_count++;
	}
}

/* "link_down exit1-spine1 at 1 until 9 every 2 retry 1 count 4": times in
 * seconds, a target only where the kind has one; each 5 for 2; way up. */
static void
fault_read(const char *text, struct fake *fake, struct fault_settings *fault)
{
	char words[20][48];
	int count = 0, size, first = 1;

	for (; count < 20 && sscanf(text, "%47s%n", words[count], &size) == 1;
	     text += size)
		count++;
	while (strcmp(words[0], fault_name(fault->kind)) != 0)
		fault->kind++;
	driven[fault->kind] = true;
	if (fault_kind_trait(fault->kind)->target != FAULT_TARGET_NONE)
		target_read(words[first++], fake, fault);
	for (int i = first; i + 1 < count; i += 2) {
		double value = strtod(words[i + 1], NULL);
		int64_t ns = (int64_t)(value * 1e9);

		if (strcmp(words[i], "at") == 0)
			fault->at_ns = ns;
		else if (strcmp(words[i], "until") == 0)
			fault->until_ns = ns;
		else if (strcmp(words[i], "every") == 0)
			fault->period_ns = ns;
		else if (strcmp(words[i], "for") == 0)
			fault->for_ns = ns;
		else if (strcmp(words[i], "each") == 0)
			fault->each_ns = ns;
		else if (strcmp(words[i], "way") == 0)
			fault->way = strcmp(words[i + 1], "up") == 0
					     ? FAULT_WAY_UP
					     : FAULT_WAY_DOWN;
		else if (strcmp(words[i], "retry") == 0)
			fault->retry_after_ns = ns;
		else if (strcmp(words[i], "count") == 0)
			fault->count = (uint32_t)value;
		else
			CHECK_ROW(degree_read(words[i], value, fault),
				  words[i]);
	}
}

static void
script_read(const char *script, struct fake *fake)
{
	char text[400], *rest = text;

	(void)snprintf(text, sizeof(text), "%s", script);
	for (const char *one; (one = strsep(&rest, ",")) != NULL;)
		fault_read(one, fake,
			   &fake->faults[fake->settings.fault_count++]);
}

static void
run_row(const struct row *row, bool live)
{
	uint32_t sessions = row->path != NULL ? 2 : 1;
	struct fake fake = {
		.probes = row->path == NULL,
		.path = row->path,
		.strays = row->strays,
		.later = row->later,
	};
	char error[200] = "";

	settings_default(&fake.settings);
	script_read(row->script, &fake);
	CHECK_ROW(make(&fake, sessions, live, error, sizeof(error)) == 0,
		  row->sentence);
	for (uint32_t i = 0; i < row->over; i++)
		later(&fake, FAKE_OVER, i, 500 * MS);
	if (error[0] == '\0')
		play(&fake, sessions, 60 * S);
	check_log(&fake, row->log, row->sentence);
	unmake(&fake);
}

#endif
