/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench.c - the verb `bench`, its table, and what all benchmarks share
 */
#include "harness/bench/bench.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "harness/base/exit.h"
#include "harness/base/release.h"
#include "harness/verbs.h"
#include "live/conf/did_you_mean.h"

static const struct bench benches[] = {
	{ "queue", bench_queue, "the event queue beside a plain binary heap",
	  "[--pending N,N...] [--runs N] [--json]",
	  "  --pending N,N...      events pending "
	  "(1e3,1e4,1e5,1e6,1e7)\n"
	  "  --runs N              repetitions; medians are printed (5)\n"
	  "  --json                print it as JSON\n" },
	{ "ns3", bench_ns3, "small calls between servers beside ns-3",
	  "[--hosts N,N...] [--transport udp|tcp] [--pcap] [--rpcs N]\n"
	  "[--routes host|prefix] [--alone] [--runs N] [--json]",
	  "  --hosts N,N...        servers (64,256,1024)\n"
	  "  --transport udp|tcp   each call to another server by UDP, or a "
	  "TCP\n"
	  "                        connection a server (udp)\n"
	  "  --pcap                both write captures of every port\n"
	  "  --rpcs N              calls of 100 and 500 bytes (20000)\n"
	  "  --routes host|prefix  ns-3's routers hold a route a server, as "
	  "ours\n"
	  "                        do, or a prefix a leaf, its best case "
	  "(host)\n"
	  "  --alone               without ns-3: how our own rate scales\n"
	  "  --runs N              repetitions; medians are printed (5)\n"
	  "  --json                print it as JSON\n"
	  "The fabric is that of scenarios/rpc.yaml. Needs Debian's libns3-dev "
	  "and\n"
	  "g++; ns-3's half is built at its first use, into ~/.cache/homeward."
	  "\n" },
	{ "lookups", bench_lookups, "lookups a second, by the number of nodes",
	  "[--nodes N,N...] [--fidelity path|packet|uniform]\n"
	  "[--tables ideal|joined] [--k N] [--alpha N] [--lookups N]\n"
	  "[--runs N] [--json]",
	  "  --nodes N,N...        sizes of the world (1e4,1e5,1e6)\n"
	  "  --fidelity KIND       a spine-leaf fabric, an event a datagram or "
	  "a hop,\n"
	  "                        or no fabric at all (path)\n"
	  "  --tables KIND         perfect at once, or grown by joins (ideal)\n"
	  "  --k N --alpha N       of Kademlia (20, 3)\n"
	  "  --lookups N           in each run (20000)\n"
	  "  --runs N              repetitions; medians are printed (5)\n"
	  "  --json                print it as JSON\n"
	  "Three replicas, a quarter as many keys as lookups. All runs are of "
	  "one world,\none after the other, and one more before them to warm "
	  "up.\n" },
	{ "memory", bench_memory, "bytes a node, by what they are for",
	  "[--nodes N] [--k N,N...] [--fidelity path|packet|uniform] [--json]",
	  "  --nodes N             size of the world (1e5)\n"
	  "  --k N,N...            bucket sizes, a world each (8,20)\n"
	  "  --fidelity KIND       a spine-leaf fabric, or none (path)\n"
	  "  --json                print it as JSON\n" },
	{ "steer", bench_steer, "what a stray costs the core, owner known",
	  "[--strays N] [--flows N] [--payload N] [--runs N] [--json]",
	  "  --strays N            packets in each run (1e6)\n"
	  "  --flows N             sessions that they are of (1000)\n"
	  "  --payload N           bytes behind their TCP header (100)\n"
	  "  --runs N              repetitions; medians are printed (5)\n"
	  "  --json                print it as JSON\n" },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct bench *
bench_table(void)
{
	return benches;
}

static const struct bench *
bench_find(const char *name)
{
	for (const struct bench *bench = benches; bench->name != NULL; bench++)
		if (strcmp(bench->name, name) == 0)
			return bench;
	return NULL;
}

/* ---- help ---- */

/* "a\nb" is two lines, the second under the first's arguments. */
static void
synopsis_print(const struct bench *bench, FILE *file)
{
	fprintf(file, "usage: homeward bench %s ", bench->name);
	for (const char *c = bench->synopsis; *c != '\0'; c++) {
		fputc(*c, file);
		if (*c == '\n')
			fprintf(file, "%*s", (int)strlen(bench->name) + 23, "");
	}
	fputc('\n', file);
}

static void
bench_help(const struct bench *bench)
{
	synopsis_print(bench, stdout);
	printf("\n%s.\n\n%s", bench->summary, bench->help);
}

static void
table_help(FILE *file)
{
	fprintf(file, "usage: homeward bench NAME [OPTION]...\n\n"
		      "measure how fast this program is on this machine.\n\n");
	for (const struct bench *bench = benches; bench->name != NULL; bench++)
		fprintf(file, "  %-10s %s\n", bench->name, bench->summary);
	fprintf(file, "\nhomeward bench NAME --help explains one of them.\n");
}

int
bench_usage(const char *name, const char *format, ...)
{
	const struct bench *bench = bench_find(name);

	if (format != NULL) {
		va_list arguments;

		fprintf(stderr, "homeward bench %s: ", name);
		va_start(arguments, format);
		vfprintf(stderr, format, arguments);
		va_end(arguments);
		fputc('\n', stderr);
	}
	if (bench != NULL)
		synopsis_print(bench, stderr);
	fprintf(stderr, "try 'homeward bench %s --help'\n", name);
	return EXIT_USAGE;
}

static int
unknown_bench(const char *name)
{
	struct did_you_mean did_you_mean = did_you_mean_start(name);
	char hint[80];

	for (const struct bench *bench = benches; bench->name != NULL; bench++)
		did_you_mean_offer(&did_you_mean, bench->name);
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	fprintf(stderr, "homeward bench: there is no '%s'%s\n", name, hint);
	if (hint[0] == '\0')
		fprintf(stderr, "try 'homeward bench --help'\n");
	return EXIT_USAGE;
}

int
verb_bench(int argc, char **argv)
{
	const struct bench *bench;

	if (argc < 2) {
		table_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		table_help(stdout);
		return EXIT_OK;
	}
	bench = bench_find(argv[1]);
	if (bench == NULL)
		return unknown_bench(argv[1]);
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			bench_help(bench);
			return EXIT_OK;
		}
	}
	optind = 1;
	return bench->run(argc - 1, argv + 1);
}

/* ---- arguments ---- */

int
bench_parse(int argc, char **argv, struct bench_options *options,
	    const struct bench_extra *extras, size_t extra_count)
{
	enum {
		EXTRA = 256
	};
	struct option table[BENCH_EXTRAS + 3] = {
		{ "runs", required_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'J' },
	};
	int option;

	*options = (struct bench_options){ .runs = BENCH_RUNS };
	for (size_t i = 0; i < extra_count && i < BENCH_EXTRAS; i++)
		table[2 + i] = (struct option){ extras[i].name,
						extras[i].text != NULL
							? required_argument
							: no_argument,
						NULL, EXTRA + (int)i };
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		uint64_t runs;

		if (option == 'J') {
			options->json = true;
		} else if (option == 'r') {
			if (bench_numbers(argv[0], "runs", optarg, 1, 99, &runs,
					  1) == 0)
				return EXIT_USAGE;
			options->runs = (uint32_t)runs;
		} else if (option >= EXTRA) {
			const struct bench_extra *extra =
				&extras[option - EXTRA];

			if (extra->text != NULL)
				*extra->text = optarg;
			else
				*extra->flag = true;
		} else {
			return bench_usage(argv[0], NULL);
		}
	}
	if (optind < argc)
		return bench_usage(argv[0], "'%s' is one argument too many",
				   argv[optind]);
	return 0;
}

size_t
bench_numbers(const char *name, const char *option, const char *text,
	      uint64_t least, uint64_t most, uint64_t *numbers, size_t capacity)
{
	const char *at = text;

	for (size_t count = 0; count < capacity;) {
		char *end;
		double value = strtod(at, &end); /* so that 1e6 is one */

		if (end == at || !(value >= (double)least) ||
		    !(value <= (double)most) || value != floor(value))
			break;
		numbers[count++] = (uint64_t)value;
		if (*end == '\0')
			return count;
		if (*end != ',')
			break;
		at = end + 1;
	}
	(void)bench_usage(name, "--%s: '%s' is not %s of %llu..%llu", option,
			  text, capacity > 1 ? "a list" : "a number",
			  (unsigned long long)least, (unsigned long long)most);
	return 0;
}

/* ---- measuring ---- */

int64_t
bench_clock_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

double
bench_median(double *values, size_t count)
{
	gsl_sort(values, 1, count);
	return gsl_stats_median_from_sorted_data(values, 1, count);
}

/* ---- the machine ---- */

/* "model name\t: Intel(R) ..." where the architecture has it. */
static void
processor_read(char *text, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(text, size, "unknown");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *value = strchr(line, ':');

		if (value == NULL || strncmp(line, "model name", 10) != 0)
			continue;
		value += 1 + strspn(value + 1, " \t");
		snprintf(text, size, "%.*s", (int)strcspn(value, "\n"), value);
		break;
	}
	(void)fclose(file);
}

void
bench_machine(struct bench_machine *machine)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	struct utsname host;

	*machine = (struct bench_machine){
		.cores = cores > 0 ? (uint32_t)cores : 1,
	};
	if (pages > 0 && page > 0)
		machine->memory_bytes = (uint64_t)pages * (uint64_t)page;
	if (uname(&host) == 0)
		snprintf(machine->system, sizeof(machine->system),
			 "%.40s %.60s %.20s", host.sysname, host.release,
			 host.machine);
	processor_read(machine->processor, sizeof(machine->processor));
}

void
bench_machine_print(FILE *file)
{
	struct bench_machine machine;

	bench_machine(&machine);
	fprintf(file, "machine: %s, %u %s, %.0f GiB, %s; commit %s\n",
		machine.processor, machine.cores,
		machine.cores == 1 ? "core" : "cores",
		(double)machine.memory_bytes / (1 << 30), machine.system,
		release_commit());
}

void
bench_machine_json(struct json *json)
{
	struct bench_machine machine;

	bench_machine(&machine);
	json_object(json, "machine");
	json_text(json, "processor", machine.processor);
	json_uint(json, "cores", machine.cores);
	json_uint(json, "memory_bytes", machine.memory_bytes);
	json_text(json, "system", machine.system);
	json_text(json, "commit", release_commit());
	json_end(json);
}

struct json
bench_json_begin(const char *name)
{
	struct json json = json_begin(stdout, JSON_COMPACT);

	json_object(&json, NULL);
	json_text(&json, "bench", name);
	bench_machine_json(&json);
	return json;
}

void
bench_json_end(struct json *json)
{
	json_line(json, 0);
	json_end(json);
	json_end(json);
	json_newline(json);
	json_finish(json);
}
