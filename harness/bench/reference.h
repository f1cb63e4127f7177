/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reference.h - ns-3 with our load: ns3_rpc.cc found, built and run
 *
 * ns-3 is no part of our build: only a comparison needs it. The
 * program is built at its first use by g++ with what pkg-config says of
 * Debian's libns3-dev, into
 *
 *	$XDG_CACHE_HOME or ~/.cache /homeward/ns3_rpc-HASH
 *
 * where HASH is of the source, so that another source is another program.
 */
#ifndef HARNESS_BENCH_REFERENCE_H
#define HARNESS_BENCH_REFERENCE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/bench/plan.h"
#include "sim/model/settings.h"

/* What one run of a contender said. */
struct bench_rpcs {
	uint64_t rpcs, events;
	double run_s; /* wall time of the simulation alone */
	double setup_s; /* before it */
};

/* A file of the source tree or of an installation: ./NAME, or beside the
 * running program. False: nowhere; path is then NAME. path: PATH_MAX bytes. */
bool reference_file(const char *name, char *path);
/* Build it unless it is there. program: PATH_MAX bytes. 0 or EXIT_RUNTIME,
 * said, with the package that is missing. */
int reference_build(char *program);
/* pcap_prefix NULL: no captures. 0 or EXIT_RUNTIME, said. */
int reference_run(const char *program, const char *plan,
		  const struct settings *, const char *pcap_prefix,
		  struct bench_rpcs *);
/* The packages' version ("3.37"), or "unknown"; 32 bytes. */
void reference_version(char *text);

#endif
