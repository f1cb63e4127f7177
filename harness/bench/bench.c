/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench.c - the verb `bench`, its table, and what all benchmarks share
 */
#include "harness/bench/bench.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "harness/base/exit.h"
#include "harness/base/release.h"
#include "live/conf/did_you_mean.h"

static const struct verb *const benches[] = {
	&bench_queue, &bench_ns3,   &bench_lookups, &bench_memory,
	&bench_steer, &bench_flood, NULL,
};

static void
table_help(FILE *file)
{
	fprintf(file, "usage: homeward bench NAME [OPTION]...\n\n"
		      "measure how fast this program is on this machine.\n\n");
	for (size_t i = 0; benches[i] != NULL; i++)
		fprintf(file, "  %-10s %s\n", benches[i]->name,
			benches[i]->summary);
	fprintf(file, "\nhomeward bench NAME --help explains one of them.\n");
}

static int
unknown_bench(const char *name)
{
	struct did_you_mean did_you_mean = did_you_mean_start(name);
	char hint[80];

	for (size_t i = 0; benches[i] != NULL; i++)
		did_you_mean_offer(&did_you_mean, benches[i]->name);
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	fprintf(stderr, "homeward bench: there is no '%s'%s\n", name, hint);
	if (hint[0] == '\0')
		fprintf(stderr, "try 'homeward bench --help'\n");
	return EXIT_USAGE;
}

static int
bench_run(int argc, char **argv)
{
	if (argc < 2) {
		table_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		table_help(stdout);
		return EXIT_OK;
	}
	for (size_t i = 0; benches[i] != NULL; i++) {
		if (strcmp(benches[i]->name, argv[1]) != 0)
			continue;
		if (!usage_asked(argc - 1, argv + 1))
			return benches[i]->run(argc - 1, argv + 1);
		usage_help(benches[i], stdout);
		return EXIT_OK;
	}
	return unknown_bench(argv[1]);
}

const struct verb verb_bench = {
	.name = "bench",
	.summary = "measure how fast this program is here",
	.run = bench_run,
	.operands = "NAME [OPTION]...",
	.verbs = benches,
};

/* ---- arguments ---- */

int
bench_runs_take(const struct verb *verb, const struct verb_option *option,
		const char *text, void *member)
{
	uint64_t runs;

	if (bench_numbers(verb, option->name, text, 1, 99, &runs, 1) == 0)
		return EXIT_USAGE;
	*(uint32_t *)member = (uint32_t)runs;
	return 0;
}

size_t
bench_numbers(const struct verb *verb, const char *option, const char *text,
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
	(void)usage_say(verb, "--%s: '%s' is not %s of %llu..%llu", option,
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
