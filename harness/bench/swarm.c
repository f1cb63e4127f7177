/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * swarm.c - settings for worlds of many nodes, and what they take
 */
#include "harness/bench/swarm.h"

#include <inttypes.h>
#include <string.h>

#include "harness/base/exit.h"

/* The words are those of the option, which has been checked. */
static void
fabric_choose(const char *text, struct fabric_settings *fabric)
{
	fabric->exits = 2;
	fabric->spines = 8;
	fabric->leaves = 64;
	if (strcmp(text, "uniform") == 0)
		fabric->kind = FABRIC_UNIFORM;
	else
		fabric->fidelity = strcmp(text, "path") == 0 ? FIDELITY_PATH
							     : FIDELITY_PACKET;
}

int
swarm_settings(const struct verb *verb, const struct swarm *swarm,
	       struct settings *settings)
{
	struct node_settings *node = &settings->dht.node;
	uint64_t alpha;

	settings_default(settings);
	settings->clients.sessions = 0;
	settings->measure.samples = 0;
	settings->measure.interval_ns = SWARM_INTERVAL_NS;
	node->replicas = 3;
	if (bench_numbers(verb, "alpha", swarm->alpha, 1, 32, &alpha, 1) == 0)
		return EXIT_USAGE;
	node->alpha = (uint32_t)alpha;
	settings->dht.tables = strcmp(swarm->tables, "ideal") == 0
				       ? TABLES_IDEAL
				       : TABLES_JOINED;
	fabric_choose(swarm->fidelity, &settings->fabric);
	return 0;
}

static uint64_t
status_read(const char *what)
{
	FILE *file = fopen("/proc/self/status", "re");
	size_t size = strlen(what);
	uint64_t kib = 0;
	char line[128];

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, what, size) == 0 &&
		    sscanf(line + size, "%" SCNu64, &kib) == 1)
			break;
	}
	(void)fclose(file);
	return kib * 1024;
}

uint64_t
swarm_resident_bytes(void)
{
	return status_read("VmRSS:");
}

uint64_t
swarm_peak_bytes(void)
{
	return status_read("VmHWM:");
}
