/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * values.h - what homewardd.conf(5) says, as one struct
 *
 * The type alone, without a verb: directive.h has the table that names each
 * member, conf.h reads and prints the file by that table. Every text ends with
 * a NUL; "" is a text that is not set. Defaults are those of conf_default(),
 * named beside the members that have one of their own here; the rest are
 * node_settings_default()'s and steer_settings_default()'s.
 */
#ifndef LIVE_CONF_VALUES_H
#define LIVE_CONF_VALUES_H

#include <stdint.h>

#include "core/dht/node.h"
#include "core/endpoint.h"
#include "core/steer/settings.h"

#define CONF_PATH     256
#define CONF_UPLINKS  8
#define CONF_SERVICES 256
#define CONF_PEERS    256
#define CONF_NAME     16 /* IFNAMSIZ */
#define CONF_COMMAND  512

struct conf {
	struct endpoint self; /* `address`; port: `port`, 7000 */
	struct steer_service services[CONF_SERVICES];
	uint32_t service_count;
	char uplinks[CONF_UPLINKS][CONF_NAME];
	uint32_t uplink_count;
	struct endpoint peers[CONF_PEERS];
	uint32_t peer_count;
	char tun[CONF_NAME]; /* homeward0 */
	char secret[CONF_PATH];
	char control[CONF_PATH]; /* Unix socket: /run/homeward/control */
	char state[CONF_PATH]; /* sessions.h: /run/homeward/sessions */
	char boot[CONF_PATH]; /* boot.h: /var/lib/homeward/boot */
	char user[32]; /* after setup: "nobody"; "" stays root */
	/* Run as root by helper.h, through /bin/sh -c. `withdraw`, `announce`;
	 * "" means that drain refuses. */
	char withdraw[CONF_COMMAND], announce[CONF_COMMAND];
	struct endpoint prometheus; /* port 0: off; loopback addresses only */
	int64_t linger_ns; /* a closed session is removed after this: 5 s */
	uint32_t sessions_max, peers_max, records_max, flows_max;
	uint32_t trace_lines_per_s; /* 100 */
	struct node_settings node;
	/* With `gue-port`. services and tag keys are left to the engine. */
	struct steer_settings steer;
};

#endif
