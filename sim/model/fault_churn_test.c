/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_churn_test.c - churn as the script plays it, against a world that has
 * nothing but servers that are up or not, some of them with sessions
 */
#include "sim/model/fault_churn.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"

#define S	NS_PER_S
#define SERVERS 40u
#define MOST	(2 * SERVERS)
#define RUN_S	300
#define PPM	1000000u

struct fake {
	struct settings settings;
	struct fault_settings fault;
	struct fabric *fabric;
	struct queue *queue;
	struct workload *workload;
	struct watch watch;
	struct rng rng;
	struct faults *script;

	bool up[MOST];
	uint32_t busy; /* a leaving server is asked so often before it is out */
	uint32_t asked[MOST];

	/* What was reported, by what; when last; how many were off at most. */
	uint32_t crashes, leaves, ups, joins, aways;
	int64_t departed_ns, first_departure_ns;
	uint32_t off, off_most, off_at_start;
	bool departed[MOST];
};

static void
server_crash(void *context, const struct fault_order *order)
{
	struct fake *fake = context;

	CHECK(fake->up[order->device]);
	fake->up[order->device] = false;
	fake->off++;
	if (fake->off > fake->off_most)
		fake->off_most = fake->off;
}

static void
server_up(void *context, const struct fault_order *order)
{
	struct fake *fake = context;

	CHECK(!fake->up[order->device]);
	fake->up[order->device] = true;
	fake->off--;
}

/* It is out when its sessions are over. */
static void
leave(void *context, const struct fault_order *order)
{
	struct fake *fake = context;

	if (fake->asked[order->device]++ < fake->busy)
		return;
	fake->asked[order->device] = 0;
	server_crash(context, order);
}

static uint32_t
server_random(void *context)
{
	struct fake *fake = context;
	uint32_t server = (uint32_t)rng_below(&fake->rng, SERVERS);

	return fake->up[server] ? server : WATCH_NONE;
}

static bool
server_is_up(void *context, uint32_t server)
{
	const struct fake *fake = context;

	return fake->up[server];
}

static const struct fault_actions actions = {
	.server_crash = server_crash,
	.server_up = server_up,
	.leave = leave,
	.server_random = server_random,
	.server_is_up = server_is_up,
};

static void
reported(void *context, struct instant at, const char *kind, const char *target)
{
	struct fake *fake = context;
	bool crash = strcmp(kind, "server_crash") == 0;
	uint32_t server = fabric_find(fake->fabric, target, strlen(target));

	CHECK(server < MOST);
	fake->crashes += crash;
	fake->leaves += strcmp(kind, "leave") == 0;
	fake->ups += strcmp(kind, "server_up") == 0;
	fake->joins += strcmp(kind, "join") == 0;
	fake->aways += strcmp(kind, "server_away") == 0;
	CHECK((strcmp(kind, "join") == 0) <=
	      (server >= SERVERS || fake->departed[server]));
	if (!crash && strcmp(kind, "leave") != 0)
		return;
	fake->departed[server] = true;
	fake->departed_ns = at.ns;
	if (fake->first_departure_ns < 0)
		fake->first_departure_ns = at.ns;
}

static void
make(struct fake *fake, const struct fault_settings *fault)
{
	struct settings *settings = &fake->settings;
	char error[200];

	settings_default(settings);
	fake->fault = *fault;
	fake->first_departure_ns = -1;
	fake->watch = (struct watch){ .context = fake, .fault = reported };
	settings->faults = &fake->fault;
	settings->fault_count = 1;
	settings->fabric.servers = SERVERS;
	settings->measure.duration_ns = RUN_S * S;
	uint32_t joining = faults_joining(settings);
	CHECK(joining <= SERVERS);
	settings->fabric.servers += joining;
	CHECK(fabric_create(&fake->fabric, &settings->fabric, error,
			    sizeof(error)) == 0);
	fake->queue = queue_create();
	fake->workload = workload_create(settings, fake->queue, &fake->watch);
	rng_init(&fake->rng, 5, 0);
	CHECK(faults_create(&fake->script,
			    &(struct fault_world){
				    .actions = &actions,
				    .context = fake,
				    .settings = settings,
				    .joining = joining,
				    .fabric = fake->fabric,
				    .queue = fake->queue,
				    .workload = fake->workload,
				    .watch = &fake->watch,
				    .rng = &fake->rng,
			    },
			    error, sizeof(error)) == 0);
}

static void
play(struct fake *fake)
{
	struct event event;

	for (uint32_t i = 0; i < SERVERS; i++) {
		fake->up[i] = !faults_away(fake->script, i);
		fake->off_at_start += !fake->up[i];
	}
	for (uint32_t i = SERVERS; i < MOST; i++)
		CHECK(!faults_away(fake->script, i));
	fake->off = fake->off_at_start;
	faults_start(fake->script);
	while (queue_next(fake->queue, (struct instant){ 2 * RUN_S * S },
			  &event))
		faults_event(fake->script, queue_now(fake->queue), &event);
	faults_finish(fake->script);
}

static void
unmake(struct fake *fake)
{
	faults_destroy(fake->script);
	workload_destroy(fake->workload);
	queue_destroy(fake->queue);
	fabric_destroy(fake->fabric);
	free(fake);
}

static const struct row {
	const char *sentence;
	struct fault_settings fault;
	uint32_t busy;
	bool away, crashes, leaves, joins;
	uint32_t off_most; /* 0: no matter how many */
} rows[] = {
	{ "crashes, from the start on",
	  { .rate_ppm_min = PPM, .down_ns = 30 * S, .crash_ppm = PPM },
	  .away = true,
	  .crashes = true },
	{ "later: who is away goes at that moment",
	  { .at_ns = 10 * S,
	    .rate_ppm_min = PPM,
	    .down_ns = 30 * S,
	    .crash_ppm = PPM },
	  .crashes = true },
	{ "leaves, of servers without sessions",
	  { .rate_ppm_min = PPM, .down_ns = 30 * S },
	  .away = true,
	  .leaves = true },
	{ "leaves that take 2 s",
	  { .rate_ppm_min = PPM, .down_ns = 30 * S },
	  .busy = 20,
	  .away = true,
	  .leaves = true },
	{ "some crash, some leave, some are new",
	  { .rate_ppm_min = PPM,
	    .down_ns = 30 * S,
	    .crash_ppm = PPM / 2,
	    .new_ppm = PPM / 2 },
	  .busy = 3,
	  .away = true,
	  .crashes = true,
	  .leaves = true,
	  .joins = true },
	{ "a rate of nothing",
	  { .rate_ppm_min = 0, .down_ns = 30 * S, .crash_ppm = PPM },
	  .off_most = 0 },
	{ "one server", { .period_ns = S }, .crashes = true, .off_most = 1 },
	{ "three servers",
	  { .period_ns = 2 * S, .count = 3 },
	  .crashes = true,
	  .off_most = 3 },
};

static void
check_run(const struct row *row, const struct fake *fake)
{
	const char *sentence = row->sentence;

	CHECK_ROW((fake->crashes > 0) == row->crashes, sentence);
	CHECK_ROW((fake->leaves > 0) == row->leaves, sentence);
	CHECK_ROW((fake->joins > 0) == row->joins, sentence);
	CHECK_ROW((fake->off_at_start > 0) == row->away, sentence);
	CHECK_ROW(fake->aways == fake->off_at_start, sentence);
	/* All come back; each departure is answered by a return. */
	CHECK_ROW(fake->off == 0, sentence);
	CHECK_ROW(fake->ups + fake->joins ==
			  fake->crashes + fake->leaves + fake->aways,
		  sentence);
	/* It goes on until its end, and not after it. */
	if (row->crashes || row->leaves)
		CHECK_ROW(fake->departed_ns > (RUN_S - 30) * S, sentence);
	CHECK_ROW(fake->departed_ns <= RUN_S * S, sentence);
	if (row->off_most > 0)
		CHECK_ROW(fake->off_most == row->off_most, sentence);
	else if (row->crashes && row->fault.at_ns > 0)
		CHECK_ROW(fake->first_departure_ns == row->fault.at_ns,
			  sentence);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake *fake = calloc(1, sizeof(*fake));
		struct fault_settings fault = rows[i].fault;

		if (fake == NULL)
			abort();
		fault.kind = FAULT_CHURN;
		fault.until_ns = RUN_S * S;
		fake->busy = rows[i].busy;
		make(fake, &fault);
		play(fake);
		check_run(&rows[i], fake);
		unmake(fake);
	}
}

/* The older form: three servers, and no other. */
static void
test_some(void)
{
	static const struct fault_settings fault = {
		.kind = FAULT_CHURN,
		.count = 3,
		.period_ns = 4 * S,
		.until_ns = RUN_S * S,
	};
	struct fake *fake = calloc(1, sizeof(*fake));
	uint32_t departed = 0;

	if (fake == NULL)
		abort();
	make(fake, &fault);
	play(fake);
	for (uint32_t i = 0; i < SERVERS; i++)
		departed += fake->departed[i];
	CHECK(departed == 3);
	unmake(fake);
}

/* Who is off when it begins is none of its business. */
static void
test_off_before(void)
{
	static const struct fault_settings fault = {
		.kind = FAULT_CHURN,
		.at_ns = S,
		.rate_ppm_min = 10 * PPM,
		.down_ns = 2 * S,
		.until_ns = RUN_S * S,
		.crash_ppm = PPM,
	};
	struct fake *fake = calloc(1, sizeof(*fake));
	struct event event;

	if (fake == NULL)
		abort();
	make(fake, &fault);
	for (uint32_t i = 1; i < SERVERS; i++)
		fake->up[i] = true;
	faults_start(fake->script);
	while (queue_next(fake->queue, (struct instant){ 2 * RUN_S * S },
			  &event))
		faults_event(fake->script, queue_now(fake->queue), &event);
	CHECK(!fake->up[0] && !fake->departed[0] && fake->departed[1]);
	unmake(fake);
}

int
main(void)
{
	test_rows();
	test_some();
	test_off_before();
	return check_done();
}
