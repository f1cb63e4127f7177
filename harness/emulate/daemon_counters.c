/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon_counters.c - a short list of sums a server; see daemon_counters.h */
#include "harness/emulate/daemon_counters.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/emulate/watch_client.h"
#include "sim/engine/memory.h"

#define NAME_BYTES 64 /* as watch_client.c reads them */

struct counted {
	char name[NAME_BYTES];
	uint64_t value;
};

struct sums {
	uint32_t count;
	struct counted counted[DAEMON_COUNTERS_MAX];
};

struct daemon_counters {
	struct sums *servers;
};

struct daemon_counters *
daemon_counters_create(uint32_t servers)
{
	struct daemon_counters *all = memory_zeroed(1, sizeof(*all));

	all->servers = memory_zeroed(servers, sizeof(*all->servers));
	return all;
}

void
daemon_counters_destroy(struct daemon_counters *all)
{
	if (all != NULL)
		free(all->servers);
	free(all);
}

/* Of a state, or of one daemon's own distribution. */
static bool
is_sum(const char *name)
{
	return strcmp(name, "rss_bytes") != 0 &&
	       strcmp(name, "cost_p50_ns") != 0 &&
	       strcmp(name, "cost_p99_ns") != 0;
}

static void
add(void *context, const char *name, uint64_t value)
{
	struct sums *sums = context;
	uint32_t i = 0;

	while (i < sums->count && strcmp(sums->counted[i].name, name) != 0)
		i++;
	if (i == DAEMON_COUNTERS_MAX)
		return;
	struct counted *counted = &sums->counted[i];
	if (i == sums->count) {
		sums->count++;
		(void)snprintf(counted->name, sizeof(counted->name), "%s",
			       name);
	}
	counted->value = is_sum(name) ? counted->value + value : value;
}

void
daemon_counters_keep(struct daemon_counters *all, uint32_t server,
		     const char *control_path)
{
	(void)watch_client_counters(control_path, add, &all->servers[server]);
}

int
daemon_counters_report(const struct daemon_counters *all, uint32_t server,
		       const char *control_path, const char *node,
		       const struct watch *watch)
{
	struct sums sums = all->servers[server];
	int error = watch_client_counters(control_path, add, &sums);

	for (uint32_t i = 0; watch->counter != NULL && i < sums.count; i++) {
		const struct counted *counted = &sums.counted[i];

		if (counted->value > 0 ||
		    strncmp(counted->name, "drop_", 5) != 0)
			watch->counter(watch->context, node, counted->name,
				       counted->value);
	}
	return sums.count > 0 ? 0 : error;
}
