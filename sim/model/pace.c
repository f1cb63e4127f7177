/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pace.c - steps of a paced program; see pace.h */
#include "sim/model/pace.h"

__extension__ typedef unsigned __int128 uint128;

uint64_t
pace_step_bytes(const struct settings *settings)
{
	uint32_t mtu = settings->fabric.client_link.mtu_bytes;
	uint32_t headers = settings->service.family == 4 ? 40 : 60;
	uint64_t chunk = settings->clients.pace_chunk_bytes;

	if (mtu > PACE_MTU_MAX)
		mtu = PACE_MTU_MAX;
	return chunk > mtu - headers ? chunk : mtu - headers;
}

int64_t
pace_ns(const struct settings *settings, uint64_t bytes)
{
	uint64_t bps = settings->clients.pace_bps;

	if (bps == 0)
		return 0;
	uint128 ns = ((uint128)bytes * 8 * (uint64_t)NS_PER_S + bps - 1) / bps;
	return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

int64_t
pace_jitter_ns(const struct settings *settings)
{
	const struct client_settings *clients = &settings->clients;

	if (clients->jitter_ns != CLIENTS_JITTER_AUTO)
		return clients->jitter_ns;
	if (clients->interval_ns > 0 || clients->pace_bps == 0)
		return 0;
	int64_t interval_ns = pace_ns(settings, pace_step_bytes(settings));
	int64_t left_ns = settings->measure.duration_ns - clients->start_ns;
	if (left_ns < 0)
		return 0;
	return interval_ns < left_ns ? interval_ns : left_ns;
}
