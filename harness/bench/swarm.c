/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * swarm.c - settings for worlds of many nodes, and what they take
 */
#include "harness/bench/swarm.h"

#include <inttypes.h>
#include <string.h>

#include "harness/base/exit.h"

static int
fabric_choose(const char *name, const char *text,
	      struct fabric_settings *fabric)
{
	fabric->exits = 2;
	fabric->spines = 8;
	fabric->leaves = 64;
	if (strcmp(text, "uniform") == 0)
		fabric->kind = FABRIC_UNIFORM;
	else if (strcmp(text, "path") == 0)
		fabric->fidelity = FIDELITY_PATH;
	else if (strcmp(text, "packet") == 0)
		fabric->fidelity = FIDELITY_PACKET;
	else
		return bench_usage(
			name, "--fidelity: '%s' is not path, packet or uniform",
			text);
	return 0;
}

int
swarm_settings(const char *name, const struct swarm *swarm,
	       struct settings *settings)
{
	struct node_settings *node = &settings->dht.node;
	uint64_t alpha;

	settings_default(settings);
	settings->clients.sessions = 0;
	settings->measure.samples = 0;
	settings->measure.interval_ns = SWARM_INTERVAL_NS;
	node->replicas = 3;
	if (bench_numbers(name, "alpha", swarm->alpha, 1, 32, &alpha, 1) == 0)
		return EXIT_USAGE;
	node->alpha = (uint32_t)alpha;
	if (strcmp(swarm->tables, "ideal") == 0)
		settings->dht.tables = TABLES_IDEAL;
	else if (strcmp(swarm->tables, "joined") == 0)
		settings->dht.tables = TABLES_JOINED;
	else
		return bench_usage(name,
				   "--tables: '%s' is not ideal or joined",
				   swarm->tables);
	return fabric_choose(name, swarm->fidelity, &settings->fabric);
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
