/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench.h - how fast, and on what machine
 *
 * `homeward bench NAME` measures one thing. Each benchmark is a file of this
 * folder and a verb (base/usage.h) in the table of bench.c. What all of them
 * share is here: --runs and --json, the median of the runs, and the machine,
 * which every one prints, because a time without its machine is no measurement.
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
#include "harness/base/options.h"

extern const struct verb verb_bench, bench_flood, bench_lookups, bench_memory,
	bench_ns3, bench_queue, bench_steer;

/* ---- arguments ---- */

/* What every benchmark's structure begins with. */
struct bench_options {
	uint32_t runs; /* 1..99 */
	bool json;
};

#define BENCH_RUNS 5 /* default of --runs */

/* Of --runs. */
int bench_runs_take(const struct verb *, const struct verb_option *,
		    const char *text, void *member);

/* clang-format off */
#define BENCH_OPTION_RUNS						\
	{ "runs", "N", "repetitions; medians are printed (5)",		\
	  bench_runs_take, .at = offsetof(struct bench_options, runs) }
#define BENCH_OPTION_JSON						\
	{ "json", NULL, "print it as JSON", options_flag,		\
	  .at = offsetof(struct bench_options, json) }
/* clang-format on */

/* "1000,1e5" as whole numbers of [least, most]. How many; 0: it is not, said,
 * `option` being the option's name. */
size_t bench_numbers(const struct verb *, const char *option, const char *text,
		     uint64_t least, uint64_t most, uint64_t *numbers,
		     size_t capacity);

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
