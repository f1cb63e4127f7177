/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.c - the defaults
 */
#include "core/steer/settings.h"

#include "core/instant.h"
#include "core/wire/gue.h"

void
steer_settings_default(struct steer_settings *settings)
{
	*settings = (struct steer_settings){
		.gue_port = GUE_PORT,
		.mtu_bytes = 1500,
		.outer_fragment = true,
		.miss_deadline_ns = NS_PER_S,
		.miss_retry_ns = 20 * NS_PER_MS,
		.gone_after_ns = 3 * NS_PER_S,
		.silent_after_ns = 30 * NS_PER_S,
		.owner_idle_ns = 60 * NS_PER_S,
		.negative_ns = NS_PER_S,
		.fragment_ns = NS_PER_S,
		.first_stray_window_ns = 300 * NS_PER_MS,
		.first_stray = STEER_WINDOW_OTHER,
		.hold_packets_flow = 64,
		.hold_bytes = 8 << 20,
		.misses_per_s_prefix = 200,
		/* A miss costs a live server 60 to 100 us of processor time,
		 * so these take a fifth of one core at most. At ten times as
		 * many, a flood of bogus strays takes two cores: real strays
		 * overflow the TUN's queue and lookups time out. */
		.misses_per_s = 2000,
		/* A listener's backlog is 4,096 in Linux (net.core.somaxconn):
		 * a client that answers within a second is among them at
		 * 4,096 new sessions a second, twice what is stored. */
		.openings_per_s = 2000,
		.openings_most = 4096,
	};
}
