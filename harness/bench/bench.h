/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench.h - how fast, and on what machine
 *
 * `homeward bench NAME` measures one thing. Each benchmark is a file of this
 * folder and a row of the table in bench.c: a function like main(), argv[0]
 * its name, the result an exit code of base/exit.h. What all of them share is
 * here: --runs and --json, the median of the runs, and the machine, which
 * every one prints, because a time without its machine is no measurement.
 *
 * Contenders run in turn (A B A B), so that what disturbs the machine
 * disturbs both.
 */
#ifndef HARNESS_BENCH_BENCH_H
#define HARNESS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/json.h"

struct bench {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary; /* half a sentence */
	const char *synopsis; /* after the name; lines end in \n */
	const char *help; /* options, a line each */
};

/* All benchmarks; ends with name NULL. */
const struct bench *bench_table(void);

int bench_lookups(int argc, char **argv);
int bench_memory(int argc, char **argv);
int bench_ns3(int argc, char **argv);
int bench_queue(int argc, char **argv);
int bench_steer(int argc, char **argv);

/* ---- arguments ---- */

struct bench_options {
	uint32_t runs; /* 1..99 */
	bool json;
};

#define BENCH_RUNS 5 /* default of --runs */

/* An option of one benchmark alone: either takes an argument or is a flag. */
struct bench_extra {
	const char *name; /* without the dashes */
	const char **text; /* the last argument given; untouched without one */
	bool *flag; /* text is NULL: set when the option is there */
};

#define BENCH_EXTRAS 8

/* Parse --runs, --json and the extras (at most BENCH_EXTRAS; NULL with 0).
 * There are no other arguments. 0, or EXIT_USAGE, said. */
int bench_parse(int argc, char **argv, struct bench_options *,
		const struct bench_extra *extras, size_t extra_count);
/* "1000,1e5" as whole numbers of [least, most]. How many; 0: it is not, said,
 * `name` being argv[0] and `option` the option's name. */
size_t bench_numbers(const char *name, const char *option, const char *text,
		     uint64_t least, uint64_t most, uint64_t *numbers,
		     size_t capacity);
/* Say "homeward bench NAME: ..." with its synopsis below; EXIT_USAGE. NULL as
 * the format: getopt has said it already. */
int bench_usage(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- measuring ---- */

/* Nanoseconds of a monotonic clock. */
int64_t bench_clock_ns(void);
/* Of count > 0 values, which it sorts. */
double bench_median(double *values, size_t count);

/* ---- the machine ---- */

struct bench_machine {
	char system[128]; /* "Linux 6.1.0 x86_64" */
	char processor[128]; /* model; "unknown" */
	uint32_t cores; /* on line */
	uint64_t memory_bytes;
};

void bench_machine(struct bench_machine *);
/* One line: "machine: MODEL, 2 cores, 24 GiB, Linux 6.1.0 x86_64; commit". */
void bench_machine_print(FILE *);
/* The same as member "machine". */
void bench_machine_json(struct json *);

/* A document on standard output: {"bench":NAME,"machine":{...}, and what all
 * benchmarks end with, an array of points, a line each, and the object. */
struct json bench_json_begin(const char *name);
void bench_json_end(struct json *);

#endif
