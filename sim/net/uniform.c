/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uniform.c - the service's group, and impairments where they are asked for
 */
#include "sim/net/uniform.h"

#include <stdlib.h>

#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/net/ecmp.h"

struct uniform {
	const struct fabric *fabric;
	struct link_settings link;
	struct link_direction *out; /* a host; NULL: no impairments */
	bool *absent, *silent; /* a server: down, not announcing */
	struct ecmp service;
	uint32_t *members; /* scratch */
};

static void
service_write(struct uniform *uniform, struct instant now)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < uniform->fabric->settings.servers; i++)
		if (!uniform->absent[i] && !uniform->silent[i])
			uniform->members[count++] = i;
	ecmp_set(&uniform->service, uniform->members, count, now);
}

struct uniform *
uniform_create(const struct fabric *fabric, const struct settings *settings)
{
	const struct link_settings *link = &settings->fabric.server_link;
	uint32_t servers = fabric->settings.servers;
	struct uniform *uniform = memory_zeroed(1, sizeof(*uniform));

	uniform->fabric = fabric;
	uniform->link = (struct link_settings){
		.delay_ns = settings->fabric.uniform_delay_ns,
		.loss_ppm = link->loss_ppm,
		.duplicate_ppm = link->duplicate_ppm,
		.reorder_ppm = link->reorder_ppm,
	};
	if (link->loss_ppm || link->duplicate_ppm || link->reorder_ppm) {
		uniform->out = memory_zeroed(fabric->device_count,
					     sizeof(struct link_direction));
		for (uint32_t i = 0; i < fabric->device_count; i++) {
			unsigned kind =
				STREAM_LINK + TIERS + fabric_kind(fabric, i);
			link_direction_init(
				&uniform->out[i], settings->seed,
				stream_of(kind, fabric_index(fabric, i)));
		}
	}
	uniform->absent = memory_zeroed(servers, sizeof(bool));
	uniform->silent = memory_zeroed(servers, sizeof(bool));
	uniform->members = memory_zeroed(servers, sizeof(uint32_t));
	ecmp_init(&uniform->service, &settings->routing);
	service_write(uniform, (struct instant){ 0 });
	return uniform;
}

void
uniform_destroy(struct uniform *uniform)
{
	if (uniform == NULL)
		return;
	ecmp_free(&uniform->service);
	free(uniform->out);
	free(uniform->absent);
	free(uniform->silent);
	free(uniform->members);
	free(uniform);
}

void
uniform_announce(struct uniform *uniform, uint32_t server, bool announce,
		 struct instant now)
{
	if (uniform->silent[server] == !announce)
		return;
	uniform->silent[server] = !announce;
	service_write(uniform, now);
}

void
uniform_set(struct uniform *uniform, uint32_t device, bool up,
	    struct instant now)
{
	if (device >= uniform->fabric->settings.servers)
		return;
	uniform->absent[device] = !up;
	service_write(uniform, now);
}

uint32_t
uniform_route(const struct uniform *uniform, uint32_t target, uint64_t digest,
	      struct instant now, bool use)
{
	switch (TARGET_KIND(target)) {
	case TARGET_SERVER:
		return TARGET_INDEX(target);
	case TARGET_CLIENT:
		return fabric_device(uniform->fabric, DEVICE_CLIENT,
				     TARGET_INDEX(target));
	case TARGET_SERVICE:
		return ecmp_choose(&uniform->service, ecmp_hash(digest, 0), now,
				   use);
	default:
		return FABRIC_NONE;
	}
}

struct link_transit
uniform_send(struct uniform *uniform, uint32_t device, struct instant now,
	     uint32_t size)
{
	if (uniform->out == NULL)
		return (struct link_transit){
			.drop = DROP_NONE,
			.delay_ns = uniform->link.delay_ns,
			.copies = 1,
		};
	return link_send(&uniform->out[device], &uniform->link, now, size);
}
