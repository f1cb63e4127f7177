/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.h - what a steer is given once: services, keys, spans and quotas
 *
 * For all that configure a steer, and for the parts of it that read their
 * settings each time. Borrowed: many steers may share one.
 */
#ifndef CORE_STEER_SETTINGS_H
#define CORE_STEER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/address.h"
#include "core/siphash.h"

enum steer_window {
	STEER_WINDOW_OFF, /* first strays take the ordinary route */
	STEER_WINDOW_OTHER, /* by an uplink other than the ingress; by both
			     * what was held */
	STEER_WINDOW_BOTH, /* by that and by the ordinary route: duplicates */
};

enum steer_store_at {
	STEER_STORE_AUTO, /* when a SYN is answered, unless they are too many */
	STEER_STORE_SYN, /* then, always */
	STEER_STORE_ESTABLISHED, /* when the handshake is over */
};

struct steer_service {
	struct address address; /* anycast */
	uint16_t port; /* 0: every port */
};

/* Defaults in steer_settings_default(); design sections 3 and 5. There are no
 * default tag keys: the caller of steer_init() sets one, and tag_key_valid[].
 */
struct steer_settings {
	const struct steer_service *services; /* borrowed */
	uint32_t service_count;
	uint16_t gue_port; /* where tunnels end, here and elsewhere: 6080 */
	struct siphash_key tag_keys[2]; /* by key id; GUE tag */
	uint8_t tag_key_id; /* the one to send with; the other still verifies */
	bool tag_key_valid[2];
	uint32_t mtu_bytes; /* of the uplinks: 1,500 */
	bool outer_fragment; /* too big: fragment outside (true), or answer */
	int64_t miss_deadline_ns; /* 1 s */
	int64_t miss_retry_ns; /* > 0: 20 ms, doubled each time */
	int64_t gone_after_ns; /* 3 s */
	int64_t silent_after_ns; /* 30 s */
	int64_t owner_idle_ns; /* 60 s */
	int64_t negative_ns; /* 1 s */
	int64_t fragment_ns; /* 1 s */
	int64_t first_stray_window_ns; /* 300 ms */
	enum steer_window first_stray; /* OTHER */
	uint32_t hold_packets_flow; /* 64 */
	uint32_t hold_bytes; /* 8 MiB, counted in the chunks of hold.h */
	uint32_t misses_per_s_prefix; /* 200; /24 of IPv4, /48 of IPv6; 0: no
					 limit */
	uint32_t misses_per_s; /* 2,000; 0: no limit */
	enum steer_store_at store_at; /* AUTO: handshake.h */
	/* The caller waits for so long before it calls steer_opened(). 0 */
	int64_t store_after_ns;
	uint32_t openings_per_s; /* 2,000; 0: no limit */
	uint32_t openings_most; /* 4,096 half-open at a time; 0: no limit */
};

void steer_settings_default(struct steer_settings *);

#endif
