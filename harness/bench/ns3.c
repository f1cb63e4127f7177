/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ns3.c - `homeward bench ns3`: the calls of scenarios/rpc.yaml, here and in
 * ns-3
 *
 *	scenario -> settings -> world_create, world_settle | world_run
 *		 \-> plan.h  -> ns3_rpc: build its nodes   | Simulator::Run
 *				set-up, not counted	   | counted
 *
 * Both get the same servers, links, rates, delays and queues, the same number
 * of calls of the same size, and one thread; each run is a process of its own,
 * ours and theirs in turn. What is compared is wall time of the simulation
 * alone: set-up (tables, routes, nodes) is left out on both sides, and so are
 * starting and ending. Ours is what `homeward run` runs, with nothing left
 * out: real bytes, right checksums at every hop, every hop an event. ns-3 may
 * leave out what it leaves out by default (ns3_rpc.cc).
 *
 * Random partners and paths differ, being drawn from different streams; their
 * number and distances do not.
 */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/exit.h"
#include "harness/bench/bench.h"
#include "harness/bench/reference.h"
#include "harness/db/trace.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/sweep.h"
#include "sim/world.h"

#define SCENARIO   "scenarios/rpc.yaml"
#define HOSTS	   16 /* points */
#define HOSTS_MOST 65536
#define RPCS	   20000
#define RUNS_MOST  99

struct ns3 {
	struct bench_options options;
	struct json json; /* with --json */
	const char *hosts, *transport;
	const char *rpcs_text; /* NULL: RPCS */
	unsigned routes; /* enum plan_routes */
	bool pcap;
	bool alone; /* without ns-3: how we scale */
	uint64_t rpcs;
	struct scenario *scenario;
	struct sweep_point *point;
	char program[PATH_MAX];
	char folder[64]; /* scratch: the plan and captures */
};

/* Of the runs of one contender. */
struct side {
	double rates[RUNS_MOST];
	double events_per_s[RUNS_MOST];
	double rate, low, high; /* median, least, most */
	double event_rate; /* median */
	uint64_t events;
};

struct point {
	uint64_t hosts;
	struct side ours, theirs;
};

/* ---- ours ---- */

struct watching {
	struct bench_rpcs *result;
	struct trace *trace;
};

static void
watch_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct watching *watching = context;

	if (node[0] == '\0' && strcmp(name, "rpcs") == 0)
		watching->result->rpcs = value;
}

static void
watch_packet(void *context, const char *device, uint32_t port,
	     struct instant at, const uint8_t *bytes, uint32_t size)
{
	struct watching *watching = context;

	trace_packet(watching->trace, device, port, at, bytes, size);
}

/* In a process of its own; its exit code. */
static int
ours_simulate(const struct settings *settings, const char *captures,
	      struct bench_rpcs *result)
{
	struct watching watching = { .result = result };
	struct watch watch = {
		.context = &watching,
		.counter = watch_counter,
	};
	char error[256] = "";
	struct world *world;
	int64_t created_ns = bench_clock_ns();

	if (captures != NULL) {
		watching.trace = trace_create(captures, "ours");
		watch.packet = watch_packet;
		if (watching.trace == NULL)
			return EXIT_RUNTIME;
	}
	if (world_create(&world, settings, &watch, error, sizeof(error)) != 0) {
		fprintf(stderr, "homeward bench ns3: %s\n", error);
		return EXIT_USAGE;
	}
	world_settle(world);
	int64_t began_ns = bench_clock_ns();
	result->events = world_run(world).events;
	if (watching.trace != NULL &&
	    trace_close(watching.trace, NULL, NULL) != 0)
		return EXIT_RUNTIME;
	int64_t ended_ns = bench_clock_ns();
	result->run_s = (double)(ended_ns - began_ns) * 1e-9;
	result->setup_s = (double)(began_ns - created_ns) * 1e-9;
	return 0;
}

static int
ours_run(const struct settings *settings, const char *captures,
	 struct bench_rpcs *result)
{
	int pipes[2], status = -1;

	if (pipe(pipes) != 0)
		return EXIT_RUNTIME;
	(void)fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		struct bench_rpcs told = { 0 };
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		int code = ours_simulate(settings, captures, &told);
		if (code == 0 &&
		    write(pipes[1], &told, sizeof(told)) != sizeof(told))
			code = EXIT_RUNTIME;
		_exit(code);
	}
	(void)close(pipes[1]);
	ssize_t got = read(pipes[0], result, sizeof(*result));
	(void)close(pipes[0]);
	while (child > 0 && waitpid(child, &status, 0) == -1 && errno == EINTR)
		;
	if (child > 0 && status == 0 && got == sizeof(*result))
		return 0;
	fprintf(stderr, "homeward bench ns3: our own run failed\n");
	return EXIT_RUNTIME;
}

/* ---- scratch ---- */

static int
entry_remove(const char *path, const struct stat *status, int kind,
	     struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static int
scratch_make(struct ns3 *ns3)
{
	const char *folder = getenv("TMPDIR");
	int size = snprintf(ns3->folder, sizeof(ns3->folder),
			    "%s/homeward-ns3-XXXXXX",
			    folder != NULL ? folder : "/tmp");

	if (size > 0 && (size_t)size < sizeof(ns3->folder) &&
	    mkdtemp(ns3->folder) != NULL)
		return 0;
	fprintf(stderr, "homeward bench ns3: %s: %s\n", ns3->folder,
		strerror(errno));
	ns3->folder[0] = '\0';
	return EXIT_RUNTIME;
}

static void
scratch_remove(const char *folder)
{
	if (folder[0] != '\0')
		(void)nftw(folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- one point ---- */

/* The scenario with so many servers, as `homeward run --set` would have it. */
static int
settings_make(struct ns3 *ns3, uint64_t hosts)
{
	char servers[48], rpcs[48], transport[48], path[PATH_MAX];
	const char *const sets[] = { servers, rpcs, transport };

	snprintf(servers, sizeof(servers), "fabric.servers=%" PRIu64, hosts);
	snprintf(rpcs, sizeof(rpcs), "measure.rpcs=%" PRIu64, ns3->rpcs);
	snprintf(transport, sizeof(transport), "measure.rpc_transport=%s",
		 ns3->transport);
	(void)reference_file(SCENARIO, path);
	int code = scenario_load(ns3->scenario, path, sets, 3);
	if (code == 0)
		sweep_point_make(ns3->scenario, 0, ns3->point);
	return code;
}

static int
plan_make(const struct ns3 *ns3, char *path, size_t size)
{
	snprintf(path, size, "%s/plan", ns3->folder);
	FILE *file = fopen(path, "we");
	if (file == NULL) {
		fprintf(stderr, "homeward bench ns3: %s: %s\n", path,
			strerror(errno));
		return EXIT_RUNTIME;
	}
	int code = plan_write(file, &ns3->point->settings, ns3->routes);
	if (fclose(file) != 0 && code == 0)
		code = EXIT_RUNTIME;
	return code;
}

static int
side_take(struct side *side, uint32_t run, const struct bench_rpcs *result,
	  uint64_t rpcs)
{
	if (result->rpcs != rpcs || result->run_s <= 0) {
		fprintf(stderr,
			"homeward bench ns3: %" PRIu64 " of %" PRIu64
			" calls were answered\n",
			result->rpcs, rpcs);
		return EXIT_RUNTIME;
	}
	side->rates[run] = (double)result->rpcs / result->run_s;
	side->events_per_s[run] = (double)result->events / result->run_s;
	side->events = result->events;
	return 0;
}

static void
side_end(struct side *side, uint32_t runs)
{
	side->event_rate = bench_median(side->events_per_s, runs);
	side->rate = bench_median(side->rates, runs);
	side->low = side->rates[0];
	side->high = side->rates[runs - 1];
}

/* One run of each; captures are made in a folder that is gone afterwards. */
static int
pair_run(const struct ns3 *ns3, const char *plan, uint32_t run,
	 struct point *point)
{
	const struct settings *settings = &ns3->point->settings;
	char captures[80], prefix[96];
	const char *ours = NULL, *theirs = NULL;
	struct bench_rpcs result;

	snprintf(captures, sizeof(captures), "%s/pcap", ns3->folder);
	snprintf(prefix, sizeof(prefix), "%s/ns3", captures);
	if (ns3->pcap) {
		ours = captures;
		theirs = prefix;
	}
	int code = ours_run(settings, ours, &result);
	if (code == 0)
		code = side_take(&point->ours, run, &result, ns3->rpcs);
	if (ns3->pcap) {
		scratch_remove(captures);
		(void)mkdir(captures, 0700);
	}
	if (code == 0 && !ns3->alone)
		code = reference_run(ns3->program, plan, settings, theirs,
				     &result);
	if (code == 0 && !ns3->alone)
		code = side_take(&point->theirs, run, &result, ns3->rpcs);
	if (ns3->pcap)
		scratch_remove(captures);
	return code;
}

static int
point_measure(struct ns3 *ns3, struct point *point)
{
	char plan[80];
	int code = settings_make(ns3, point->hosts);

	if (code == 0)
		code = plan_make(ns3, plan, sizeof(plan));
	for (uint32_t run = 0; code == 0 && run < ns3->options.runs; run++)
		code = pair_run(ns3, plan, run, point);
	if (code != 0)
		return code;
	side_end(&point->ours, ns3->options.runs);
	if (!ns3->alone)
		side_end(&point->theirs, ns3->options.runs);
	return 0;
}

/* ---- saying ---- */

static void
header_print(struct ns3 *ns3)
{
	const char *routes = ns3->routes == PLAN_HOSTS ? "host" : "prefix";
	char version[32];

	reference_version(version);
	if (ns3->options.json) {
		ns3->json = bench_json_begin("ns3");
		json_text(&ns3->json, "ns3_version", version);
		json_uint(&ns3->json, "runs", ns3->options.runs);
		json_uint(&ns3->json, "rpcs", ns3->rpcs);
		json_text(&ns3->json, "transport", ns3->transport);
		json_bool(&ns3->json, "pcap", ns3->pcap);
		json_text(&ns3->json, "routes", routes);
		json_array(&ns3->json, "points");
		return;
	}
	bench_machine_print(stdout);
	if (ns3->alone)
		printf("alone: ");
	else
		printf("ns-3 %s, %s routes, beside us: ", version, routes);
	printf("%" PRIu64 " calls over %s%s, medians of %u runs;\n"
	       "wall time of the simulation on one thread, set-up left out\n",
	       ns3->rpcs, ns3->transport, ns3->pcap ? ", captures written" : "",
	       ns3->options.runs);
	printf("%6s %12s %14s", "hosts", "ours RPC/s", "ours events/s");
	if (!ns3->alone)
		printf(" %12s %14s %7s", "ns-3 RPC/s", "ns-3 events/s",
		       "ratio");
	putchar('\n');
}

static void
side_json(const char *name, const struct side *side, struct json *json)
{
	char member[32];

	snprintf(member, sizeof(member), "%s_low", name);
	json_fixed(json, member, side->low, 0);
	snprintf(member, sizeof(member), "%s_high", name);
	json_fixed(json, member, side->high, 0);
	snprintf(member, sizeof(member), "%s_events", name);
	json_uint(json, member, side->events);
	snprintf(member, sizeof(member), "%s_events_per_s", name);
	json_fixed(json, member, side->event_rate, 0);
}

static void
point_json(struct ns3 *ns3, const struct point *point)
{
	struct json *json = &ns3->json;

	json_line(json, 0);
	json_object(json, NULL);
	json_uint(json, "hosts", point->hosts);
	json_fixed(json, "ours_rpc_per_s", point->ours.rate, 0);
	if (!ns3->alone) {
		json_fixed(json, "ns3_rpc_per_s", point->theirs.rate, 0);
		json_fixed(json, "ratio", point->ours.rate / point->theirs.rate,
			   2);
	}
	side_json("ours", &point->ours, json);
	if (!ns3->alone)
		side_json("ns3", &point->theirs, json);
	json_end(json);
}

static void
point_print(struct ns3 *ns3, const struct point *point)
{
	if (ns3->options.json) {
		point_json(ns3, point);
	} else {
		printf("%6" PRIu64 " %12.0f %14.0f", point->hosts,
		       point->ours.rate, point->ours.event_rate);
		if (!ns3->alone)
			printf(" %12.0f %14.0f %7.1f", point->theirs.rate,
			       point->theirs.event_rate,
			       point->ours.rate / point->theirs.rate);
		putchar('\n');
	}
	(void)fflush(stdout);
}

/* ---- the verb ---- */

static const struct verb_option options[] = {
	{ "hosts", "N,N...", "servers (64,256,1024)", options_text,
	  .at = offsetof(struct ns3, hosts) },
	{ "transport", "udp|tcp",
	  "each call to another server by UDP, or a TCP connection a server "
	  "(udp)",
	  options_choice_text, .at = offsetof(struct ns3, transport) },
	{ "pcap", NULL, "both write captures of every port", options_flag,
	  .at = offsetof(struct ns3, pcap) },
	{ "rpcs", "N", "calls of 100 and 500 bytes (20000)", options_text,
	  .at = offsetof(struct ns3, rpcs_text) },
	{ "routes", "host|prefix",
	  "ns-3's routers hold a route a server, as ours do, or a prefix a "
	  "leaf, its best case (host)",
	  options_choice, .at = offsetof(struct ns3, routes) },
	{ "alone", NULL, "without ns-3: how our own rate scales", options_flag,
	  .at = offsetof(struct ns3, alone) },
	BENCH_OPTION_RUNS,
	BENCH_OPTION_JSON,
	{ 0 },
};
_Static_assert(PLAN_HOSTS == 0 && PLAN_PREFIXES == 1,
	       "--routes has their order");

static int
ns3_parse(int argc, char **argv, struct ns3 *ns3, uint64_t *hosts,
	  size_t *count)
{
	int operands = options_read(&bench_ns3, argc, argv, ns3);

	if (operands < 0)
		return -operands;
	*count = bench_numbers(&bench_ns3, "hosts", ns3->hosts, 2, HOSTS_MOST,
			       hosts, HOSTS);
	ns3->rpcs = RPCS;
	if (*count == 0 || (ns3->rpcs_text != NULL &&
			    bench_numbers(&bench_ns3, "rpcs", ns3->rpcs_text, 1,
					  1000000000, &ns3->rpcs, 1) == 0))
		return EXIT_USAGE;
	return 0;
}

static int
ns3_measure(struct ns3 *ns3, const uint64_t *hosts, size_t count)
{
	struct point *point = calloc(1, sizeof(*point));
	int code = 0;

	if (point == NULL)
		return EXIT_RUNTIME;
	header_print(ns3);
	for (size_t i = 0; code == 0 && i < count; i++) {
		*point = (struct point){ .hosts = hosts[i] };
		code = point_measure(ns3, point);
		if (code == 0)
			point_print(ns3, point);
	}
	if (ns3->options.json)
		bench_json_end(&ns3->json);
	free(point);
	return code;
}

static int
ns3_run(int argc, char **argv)
{
	static struct ns3 ns3;
	uint64_t hosts[HOSTS];
	size_t count = 0;

	ns3 = (struct ns3){ .options = { .runs = BENCH_RUNS },
			    .hosts = "64,256,1024",
			    .transport = "udp" };
	int code = ns3_parse(argc, argv, &ns3, hosts, &count);
	if (code != 0)
		return code;
	code = ns3.alone ? 0 : reference_build(ns3.program);
	if (code != 0)
		return code;
	ns3.scenario = calloc(1, sizeof(*ns3.scenario));
	ns3.point = calloc(1, sizeof(*ns3.point));
	code = ns3.scenario != NULL && ns3.point != NULL ? scratch_make(&ns3)
							 : EXIT_RUNTIME;
	if (code == 0)
		code = ns3_measure(&ns3, hosts, count);
	scratch_remove(ns3.folder);
	if (ns3.scenario != NULL)
		scenario_release(ns3.scenario);
	if (ns3.point != NULL)
		sweep_point_release(ns3.point);
	free(ns3.scenario);
	free(ns3.point);
	return code;
}

const struct verb bench_ns3 = {
	.name = "ns3",
	.parent = "bench",
	.summary = "small calls between servers beside ns-3",
	.run = ns3_run,
	.options = options,
	.notes = "The fabric is that of scenarios/rpc.yaml. Needs Debian's "
		 "libns3-dev and\ng++; ns-3's half is built at its first use, "
		 "into ~/.cache/homeward.\n",
};
