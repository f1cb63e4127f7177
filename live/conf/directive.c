/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * directive.c - the table, and each directive printed and compared
 *
 * directive_read.c has the other direction. Ranges of numbers are those that
 * core's asserts and tables bear, and the same that a scenario may ask for:
 * an odd value is the operator's right, an impossible one is not. What hangs
 * together (alpha and k) is checked in conf.c, when all is known.
 */
#include "live/conf/directive.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "live/conf/units.h"

#define IN(member)                                                             \
	offsetof(struct conf, member), sizeof(((struct conf *)0)->member)
#define HOUR (3600 * NS_PER_S)
#define DAY  (24 * HOUR)

#define REQUIRED true, true
#define FIXED	 false, true
#define LOADED	 false, false /* taken over by a reload */

const struct directive directives[] = {
	{ "address", DIRECTIVE_ADDRESS, REQUIRED, IN(self.address), 0, 0 },
	{ "port", DIRECTIVE_PORT, FIXED, IN(self.port), 1, UINT16_MAX },
	{ "gue-port", DIRECTIVE_PORT, FIXED, IN(steer.gue_port), 1,
	  UINT16_MAX },
	{ "service", DIRECTIVE_SERVICE, true, false, IN(services), 0, 0 },
	{ "uplink", DIRECTIVE_UPLINK, REQUIRED, IN(uplinks), 0, 0 },
	{ "peer", DIRECTIVE_PEER, LOADED, IN(peers), 0, 0 },
	{ "secret", DIRECTIVE_PATH, true, false, IN(secret), 0, 0 },

	{ "tun", DIRECTIVE_INTERFACE, FIXED, IN(tun), 0, 0 },
	{ "control", DIRECTIVE_PATH, FIXED, IN(control), 0, 0 },
	{ "state", DIRECTIVE_PATH, FIXED, IN(state), 0, 0 },
	{ "boot", DIRECTIVE_PATH, FIXED, IN(boot), 0, 0 },
	{ "user", DIRECTIVE_USER, FIXED, IN(user), 0, 0 },
	{ "withdraw", DIRECTIVE_COMMAND, FIXED, IN(withdraw), 0, 0 },
	{ "announce", DIRECTIVE_COMMAND, FIXED, IN(announce), 0, 0 },
	{ "prometheus", DIRECTIVE_METRICS, FIXED, IN(prometheus), 0, 0 },
	{ "trace-lines", DIRECTIVE_COUNT, LOADED, IN(trace_lines_per_s), 0,
	  1000000 },

	{ "store-at", DIRECTIVE_STORE_AT, LOADED, IN(steer.store_at), 0, 0 },
	{ "store-after", DIRECTIVE_TIME, LOADED, IN(steer.store_after_ns), 0,
	  DAY },
	{ "openings", DIRECTIVE_COUNT, LOADED, IN(steer.openings_per_s), 0,
	  1000000000 },
	{ "openings-max", DIRECTIVE_COUNT, LOADED, IN(steer.openings_most), 0,
	  1000000000 },
	{ "linger", DIRECTIVE_TIME, LOADED, IN(linger_ns), 0, DAY },
	{ "sessions-max", DIRECTIVE_COUNT, FIXED, IN(sessions_max), 1,
	  1 << 22 },
	{ "sessions-per-prefix", DIRECTIVE_COUNT, FIXED,
	  IN(node.sessions_per_prefix), 0, 1000000000 },
	{ "peers-max", DIRECTIVE_COUNT, FIXED, IN(peers_max), 1, 1 << 20 },
	{ "records-max", DIRECTIVE_COUNT, FIXED, IN(records_max), 1, 1 << 24 },
	{ "flows-max", DIRECTIVE_COUNT, FIXED, IN(flows_max), 1, 1 << 22 },

	{ "k", DIRECTIVE_COUNT, FIXED, IN(node.k), 1, 32 },
	{ "alpha", DIRECTIVE_COUNT, LOADED, IN(node.alpha), 1, 32 },
	{ "replicas", DIRECTIVE_COUNT, FIXED, IN(node.replicas), 1, 32 },
	{ "lookup-deadline", DIRECTIVE_TIME, LOADED,
	  IN(node.lookup_deadline_ns), NS_PER_MS, DAY },
	{ "timeout-initial", DIRECTIVE_TIME, LOADED,
	  IN(node.timeout_initial_ns), 1, DAY },
	{ "timeout-floor", DIRECTIVE_TIME, LOADED, IN(node.timeout_floor_ns), 1,
	  DAY },
	{ "timeout-cap", DIRECTIVE_TIME, LOADED, IN(node.timeout_cap_ns), 1,
	  DAY },
	{ "record-ttl", DIRECTIVE_TIME, LOADED, IN(node.record_ttl_ns),
	  NS_PER_MS, 365 * DAY },
	{ "republish", DIRECTIVE_TIME, LOADED, IN(node.republish_ns), NS_PER_MS,
	  365 * DAY },
	{ "tombstone", DIRECTIVE_TIME, LOADED, IN(node.tombstone_ns), NS_PER_MS,
	  365 * DAY },
	{ "refresh", DIRECTIVE_TIME, LOADED, IN(node.refresh_ns), 0,
	  365 * DAY },
	{ "watch", DIRECTIVE_TIME, FIXED, IN(node.watch_ns), 0, 365 * DAY },

	{ "mtu", DIRECTIVE_COUNT, LOADED, IN(steer.mtu_bytes), 1280, 65535 },
	{ "outer-fragment", DIRECTIVE_SWITCH, LOADED, IN(steer.outer_fragment),
	  0, 0 },
	{ "miss-deadline", DIRECTIVE_TIME, LOADED, IN(steer.miss_deadline_ns),
	  1, DAY },
	{ "miss-retry", DIRECTIVE_TIME, LOADED, IN(steer.miss_retry_ns), 1,
	  DAY },
	{ "gone-after", DIRECTIVE_TIME, LOADED, IN(steer.gone_after_ns), 1,
	  DAY },
	{ "silent-after", DIRECTIVE_TIME, LOADED, IN(steer.silent_after_ns),
	  NS_PER_MS, DAY },
	{ "owner-idle", DIRECTIVE_TIME, LOADED, IN(steer.owner_idle_ns),
	  NS_PER_MS, DAY },
	{ "negative", DIRECTIVE_TIME, LOADED, IN(steer.negative_ns), 0, DAY },
	{ "fragment", DIRECTIVE_TIME, LOADED, IN(steer.fragment_ns), 1, DAY },
	{ "first-stray", DIRECTIVE_WINDOW, LOADED, IN(steer.first_stray), 0,
	  0 },
	{ "first-stray-window", DIRECTIVE_TIME, LOADED,
	  IN(steer.first_stray_window_ns), 0, DAY },
	{ "hold-packets", DIRECTIVE_COUNT, LOADED, IN(steer.hold_packets_flow),
	  1, 65535 },
	{ "hold-bytes", DIRECTIVE_BYTES, FIXED, IN(steer.hold_bytes), 1 << 16,
	  4000000000 },
	{ "misses-per-prefix", DIRECTIVE_COUNT, FIXED,
	  IN(steer.misses_per_s_prefix), 0, 1000000000 },
	{ "misses", DIRECTIVE_COUNT, FIXED, IN(steer.misses_per_s), 0,
	  1000000000 },
};
const uint32_t directive_count = sizeof(directives) / sizeof(directives[0]);
_Static_assert(sizeof(directives) / sizeof(directives[0]) <= DIRECTIVES_MAX,
	       "a mark for each");

static void
address_print(const struct address *address, FILE *file)
{
	char text[INET6_ADDRSTRLEN];

	fputs(inet_ntop(address->family == 4 ? AF_INET : AF_INET6,
			address->bytes, text, sizeof(text)),
	      file);
}

/* Port 0: every port, or none given. */
static void
endpoint_print(const char *name, const struct address *address, uint16_t port,
	       FILE *file)
{
	fprintf(file, "%s ", name);
	address_print(address, file);
	if (port != 0)
		fprintf(file, " port %u", port);
	fputc('\n', file);
}

static void
text_print(const char *name, const char *text, FILE *file)
{
	fprintf(file, "%s ", name);
	tokenizer_print(text, file);
	fputc('\n', file);
}

static void
many_print(const struct directive *directive, const struct conf *conf,
	   FILE *file)
{
	const char *name = directive->name;

	if (directive->kind == DIRECTIVE_SERVICE) {
		for (uint32_t i = 0; i < conf->service_count; i++)
			endpoint_print(name, &conf->services[i].address,
				       conf->services[i].port, file);
	} else if (directive->kind == DIRECTIVE_PEER) {
		for (uint32_t i = 0; i < conf->peer_count; i++)
			endpoint_print(name, &conf->peers[i].address,
				       conf->peers[i].port, file);
	} else {
		for (uint32_t i = 0; i < conf->uplink_count; i++)
			text_print(name, conf->uplinks[i], file);
	}
}

/* A number of any width. */
static int64_t
number_of(const struct directive *directive, const struct conf *conf)
{
	const uint8_t *at = (const uint8_t *)conf + directive->offset;
	int64_t time;
	uint32_t count;
	uint16_t port;

	switch (directive->kind) {
	case DIRECTIVE_PORT:
		assert(directive->size == sizeof(port));
		memcpy(&port, at, sizeof(port));
		return port;
	case DIRECTIVE_COUNT:
	case DIRECTIVE_BYTES:
		assert(directive->size == sizeof(count));
		memcpy(&count, at, sizeof(count));
		return count;
	default:
		assert(directive->size == sizeof(time));
		memcpy(&time, at, sizeof(time));
		return time;
	}
}

static void
number_print(const struct directive *directive, const struct conf *conf,
	     FILE *file)
{
	char text[UNITS_TEXT];
	enum units_kind kind = directive->kind == DIRECTIVE_TIME ? UNITS_TIME
			       : directive->kind == DIRECTIVE_BYTES
				       ? UNITS_BYTES
				       : UNITS_COUNT;

	units_format(kind, number_of(directive, conf), text);
	fprintf(file, "%s %s\n", directive->name, text);
}

static const char *
window_name(enum steer_window window)
{
	switch (window) {
	case STEER_WINDOW_OFF:
		return "off";
	case STEER_WINDOW_BOTH:
		return "both";
	default:
		return "other";
	}
}

const char *
directive_store_at_name(enum steer_store_at store_at)
{
	switch (store_at) {
	case STEER_STORE_SYN:
		return "syn";
	case STEER_STORE_ESTABLISHED:
		return "established";
	default:
		return "auto";
	}
}

void
directive_print(const struct directive *directive, const struct conf *conf,
		FILE *file)
{
	const void *member = (const uint8_t *)conf + directive->offset;
	const char *name = directive->name;
	const struct endpoint *endpoint = member;

	switch (directive->kind) {
	case DIRECTIVE_ADDRESS:
		if (conf->self.address.family != 0)
			endpoint_print(name, &conf->self.address, 0, file);
		break;
	case DIRECTIVE_SERVICE:
	case DIRECTIVE_UPLINK:
	case DIRECTIVE_PEER:
		many_print(directive, conf, file);
		break;
	case DIRECTIVE_PATH:
	case DIRECTIVE_INTERFACE:
		if (*(const char *)member != '\0')
			text_print(name, member, file);
		break;
	case DIRECTIVE_USER:
	case DIRECTIVE_COMMAND:
		text_print(name, member, file);
		break;
	case DIRECTIVE_METRICS:
		if (endpoint->port == 0)
			fprintf(file, "%s off\n", name);
		else
			endpoint_print(name, &endpoint->address, endpoint->port,
				       file);
		break;
	case DIRECTIVE_SWITCH:
		fprintf(file, "%s %s\n", name,
			*(const bool *)member ? "yes" : "no");
		break;
	case DIRECTIVE_WINDOW:
		fprintf(file, "%s %s\n", name,
			window_name(conf->steer.first_stray));
		break;
	case DIRECTIVE_STORE_AT:
		fprintf(file, "%s %s\n", name,
			directive_store_at_name(conf->steer.store_at));
		break;
	case DIRECTIVE_PORT:
	case DIRECTIVE_TIME:
	case DIRECTIVE_BYTES:
	case DIRECTIVE_COUNT:
		number_print(directive, conf, file);
		break;
	}
}

static bool
endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && address_equal(&a->address, &b->address);
}

static bool
many_same(const struct directive *directive, const struct conf *a,
	  const struct conf *b)
{
	bool same = true;

	if (directive->kind == DIRECTIVE_SERVICE) {
		same = a->service_count == b->service_count;
		for (uint32_t i = 0; same && i < a->service_count; i++)
			same = a->services[i].port == b->services[i].port &&
			       address_equal(&a->services[i].address,
					     &b->services[i].address);
	} else if (directive->kind == DIRECTIVE_PEER) {
		same = a->peer_count == b->peer_count;
		for (uint32_t i = 0; same && i < a->peer_count; i++)
			same = endpoint_same(&a->peers[i], &b->peers[i]);
	} else {
		same = a->uplink_count == b->uplink_count;
		for (uint32_t i = 0; same && i < a->uplink_count; i++)
			same = strcmp(a->uplinks[i], b->uplinks[i]) == 0;
	}
	return same;
}

bool
directive_same(const struct directive *directive, const struct conf *a,
	       const struct conf *b)
{
	const void *one = (const uint8_t *)a + directive->offset;
	const void *other = (const uint8_t *)b + directive->offset;

	switch (directive->kind) {
	case DIRECTIVE_ADDRESS:
		return address_equal(one, other);
	case DIRECTIVE_SERVICE:
	case DIRECTIVE_UPLINK:
	case DIRECTIVE_PEER:
		return many_same(directive, a, b);
	case DIRECTIVE_INTERFACE:
	case DIRECTIVE_PATH:
	case DIRECTIVE_USER:
	case DIRECTIVE_COMMAND:
		return strcmp(one, other) == 0;
	case DIRECTIVE_METRICS:
		return a->prometheus.port == b->prometheus.port &&
		       (a->prometheus.port == 0 || endpoint_same(one, other));
	case DIRECTIVE_SWITCH:
		return *(const bool *)one == *(const bool *)other;
	case DIRECTIVE_WINDOW:
		return a->steer.first_stray == b->steer.first_stray;
	case DIRECTIVE_STORE_AT:
		return a->steer.store_at == b->steer.store_at;
	case DIRECTIVE_PORT:
	case DIRECTIVE_TIME:
	case DIRECTIVE_BYTES:
	case DIRECTIVE_COUNT:
		break;
	}
	return number_of(directive, a) == number_of(directive, b);
}
