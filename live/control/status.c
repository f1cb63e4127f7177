/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status.c - see status.h */
#include "live/control/status.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/dht/traffic.h"
#include "live/conf/directive.h"
#include "live/conf/endpoint_text.h"
#include "live/control/parts.h"
#include "live/kernel/latency_histogram.h"

#ifndef HOMEWARD_VERSION
#define HOMEWARD_VERSION "unknown"
#endif

/* All that the three views show, read once. */
struct view {
	const struct control_parts *parts;
	struct engine_status engine;
	struct datapath_counters datapath;
	const struct udp_out_counters *udp_out;
	struct latency_histogram cost;
	enum drain_state drain;
	int64_t left_ns;
	int64_t uptime_ns;
};

static void
view_take(struct view *view, const struct control_parts *parts,
	  struct instant started, struct instant now)
{
	*view = (struct view){ .parts = parts };
	engine_status(parts->engine, &view->engine);
	datapath_counters(parts->datapath, &view->datapath);
	view->udp_out = udp_out_counters(parts->udp_out);
	if (parts->cost != NULL)
		view->cost = *parts->cost;
	view->drain = drain_state(parts->drain);
	view->left_ns = drain_left_ns(parts->drain, now);
	view->uptime_ns = instant_distance_ns(started, now);
}

/* ---- texts ---- */

const char *
status_time(int64_t wall_ns, char text[STATUS_TIME])
{
	int64_t rest = wall_ns % NS_PER_S;
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm utc = { .tm_sec = 0 };

	if (rest < 0) {
		rest += NS_PER_S;
		seconds--;
	}
	(void)gmtime_r(&seconds, &utc);
	size_t used = strftime(text, STATUS_TIME, "%Y-%m-%dT%H:%M:%S", &utc);
	(void)snprintf(text + used, STATUS_TIME - used, ".%06dZ",
		       (int)(rest / NS_PER_US));
	return text;
}

const char *
status_duration(int64_t ns, char text[STATUS_TIME])
{
	int64_t s = ns / NS_PER_S;

	if (ns < NS_PER_US)
		(void)snprintf(text, STATUS_TIME, "%" PRId64 " ns", ns);
	else if (ns < NS_PER_MS)
		(void)snprintf(text, STATUS_TIME, "%.1f us", (double)ns / 1e3);
	else if (ns < NS_PER_S)
		(void)snprintf(text, STATUS_TIME, "%.1f ms", (double)ns / 1e6);
	else if (s < 60)
		(void)snprintf(text, STATUS_TIME, "%.1f s", (double)ns / 1e9);
	else if (s < 3600)
		(void)snprintf(text, STATUS_TIME,
			       "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
	else if (s < 86400)
		(void)snprintf(text, STATUS_TIME,
			       "%" PRId64 " h %" PRId64 " min", s / 3600,
			       s % 3600 / 60);
	else
		(void)snprintf(text, STATUS_TIME, "%" PRId64 " d %" PRId64 " h",
			       s / 86400, s % 86400 / 3600);
	return text;
}

const char *
status_bytes(uint64_t bytes, char text[STATUS_TIME])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		(void)snprintf(text, STATUS_TIME, "%" PRIu64 " B", bytes);
		return text;
	}
	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	(void)snprintf(text, STATUS_TIME, "%.1f %s", value, units[unit]);
	return text;
}

int64_t
status_cpu_ns(void)
{
	struct timespec used = { .tv_sec = 0 };

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * NS_PER_S + used.tv_nsec;
}

uint64_t
status_rss_bytes(void)
{
	char line[128] = "", *rest;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL)
		return 0;
	if (fgets(line, sizeof(line), file) == NULL)
		line[0] = '\0';
	(void)fclose(file);
	/* The second number, in pages. */
	(void)strtoull(line, &rest, 10);
	return strtoull(rest, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t
drops_all(const struct view *view, int drop)
{
	return view->engine.steer->drops[drop] +
	       view->engine.engine->seal_drops[drop];
}

/* ---- for people ---- */

static void
drops_print(const struct view *view, FILE *out)
{
	const char *between = "";

	fputs("drops      ", out);
	for (int i = 1; i < DROP_COUNT; i++) {
		uint64_t count = drops_all(view, i);
		if (count == 0)
			continue;
		fprintf(out, "%s%s %" PRIu64, between, drop_name((enum drop)i),
			count);
		between = ", ";
	}
	fputs(between[0] == '\0' ? "none\n" : "\n", out);
}

static void
cost_print(const struct latency_histogram *cost, FILE *out)
{
	char p50[STATUS_TIME], p90[STATUS_TIME], p99[STATUS_TIME];
	char longest[STATUS_TIME];

	if (cost->count == 0) {
		fputs("cost       no strays yet\n", out);
		return;
	}
	fprintf(out, "cost       p50 %s, p90 %s, p99 %s, longest %s a stray\n",
		status_duration(latency_histogram_quantile_ns(cost, 500000),
				p50),
		status_duration(latency_histogram_quantile_ns(cost, 900000),
				p90),
		status_duration(latency_histogram_quantile_ns(cost, 990000),
				p99),
		status_duration((int64_t)cost->max_ns, longest));
}

static void
kernel_print(const struct view *view, FILE *out)
{
	const struct datapath_counters *datapath = &view->datapath;
	const struct steer_counters *steer = view->engine.steer;

	fprintf(out,
		"handshakes %s: %" PRIu64 " published, %" PRIu64
		" too many; SYN-ACKs: %" PRIu64 " told, %" PRIu64
		" lost, %" PRIu64 " skipped\n",
		directive_store_at_name(view->parts->conf->steer.store_at),
		steer->openings, steer->openings_skipped, datapath->openings,
		datapath->openings_lost, datapath->openings_skipped);
	fprintf(out,
		"doubts     %" PRIu64 " told, %" PRIu64 " skipped; %" PRIu64
		" packets judged by key alone\n",
		datapath->doubts, datapath->doubts_skipped, datapath->untold);
	fprintf(out,
		"kernel     %" PRIu64 " packets, %" PRIu64
		" redirected, %" PRIu64 " dropped by the TUN, %" PRIu64
		" refused, %" PRIu64 " resets, %" PRIu64 " events lost\n",
		datapath->packets, datapath->redirected, datapath->tun_dropped,
		datapath->refused, datapath->kernel_resets,
		datapath->events_lost);
}

static void
identity_print(const struct view *view, FILE *out)
{
	char text[ENDPOINT_TEXT_BYTES], up[STATUS_TIME], left[STATUS_TIME];

	fprintf(out, "server     %s, homewardd %s, up %s\n",
		endpoint_text_format(&view->parts->conf->self, text),
		HOMEWARD_VERSION, status_duration(view->uptime_ns, up));
	fprintf(out,
		"table      %s; %" PRIu32 " contacts, %" PRIu32 " records\n",
		view->engine.joined ? "joined" : "NOT JOINED",
		view->engine.contacts, view->engine.records);
	fprintf(out, "drain      %s%s%s\n", drain_state_name(view->drain),
		view->left_ns >= 0 ? ", deadline in " : "",
		view->left_ns >= 0 ? status_duration(view->left_ns, left) : "");
}

void
status_print(const struct control_parts *parts, struct instant started,
	     struct instant now, FILE *out)
{
	struct view view;
	char a[STATUS_TIME], b[STATUS_TIME];

	view_take(&view, parts, started, now);
	const struct node_counters *node = view.engine.node;
	const struct steer_counters *steer = view.engine.steer;
	const struct engine_counters *engine = view.engine.engine;
	const struct udp_out_counters *udp_out = view.udp_out;

	identity_print(&view, out);
	fprintf(out,
		"sessions   %" PRIu32 " open (%" PRIu64 " opened, %" PRIu64
		" closed, %" PRIu64 " not published, %" PRIu64 " raised)\n",
		view.engine.sessions, engine->opened, engine->closed,
		engine->unpublished, engine->raised);
	fprintf(out,
		"strays     %" PRIu64 " of %" PRIu32 " flows now: %" PRIu64
		" forwarded, %" PRIu64 " held, %" PRIu64 " released, %" PRIu64
		" reset\n",
		steer->strays, view.engine.flows, steer->forwards, steer->held,
		steer->released, steer->resets);
	fprintf(out,
		"home       %" PRIu64 " packets came by other servers, %" PRIu64
		" were not ours\n",
		steer->decapsulated, steer->not_mine_sent);
	fprintf(out, "lookups    %" PRIu64 " for strays, %" PRIu64 " missed\n",
		steer->lookups, steer->misses);
	fprintf(out,
		"outlet     %" PRIu64 " forwards in %" PRIu64
		" messages, %" PRIu64 " by another uplink, %" PRIu64
		" fell back, %" PRIu64 " unjoined\n",
		udp_out->forwards, udp_out->messages, udp_out->other_uplink,
		udp_out->fell_back, udp_out->unjoined);
	kernel_print(&view, out);
	fprintf(out,
		"datagrams  %" PRIu64 " sent (%s), %" PRIu64
		" received (%s), %" PRIu64 " timeouts\n",
		node->sent, status_bytes(node->sent_bytes, a), node->received,
		status_bytes(node->received_bytes, b), node->timeouts);
	drops_print(&view, out);
	cost_print(&view.cost, out);
	fprintf(out, "memory     %s of tables, %s resident\n",
		status_bytes(view.engine.memory_bytes, a),
		status_bytes(status_rss_bytes(), b));
	fprintf(out, "processor  %s\n", status_duration(status_cpu_ns(), a));
}

/* ---- for programs ---- */

/* RFC 8259, section 7 */
static void
json_string(const char *text, FILE *out)
{
	fputc('"', out);
	for (const char *at = text; *at != '\0'; at++) {
		unsigned char byte = (unsigned char)*at;
		if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte < 0x20 || byte >= 0x7f)
			fprintf(out, "\\u%04x", byte); /* as Latin-1 */
		else
			fputc(byte, out);
	}
	fputc('"', out);
}

struct member {
	const char *name;
	uint64_t value;
};

static void
json_members(const char *name, const struct member *members, size_t count,
	     FILE *out)
{
	fprintf(out, ",\"%s\":{", name);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s\"%s\":%" PRIu64, i > 0 ? "," : "",
			members[i].name, members[i].value);
	fputc('}', out);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
json_counters(const struct view *view, FILE *out)
{
	const struct node_counters *node_c = view->engine.node;
	const struct steer_counters *steer_c = view->engine.steer;
	const struct engine_counters *engine_c = view->engine.engine;
	const struct udp_out_counters *udp_out_c = view->udp_out;
#define MEMBER(part, name)     { #name, part->name },
#define NODE_COUNTER(name)     MEMBER(node_c, name)
#define STEER_COUNTER(name)    MEMBER(steer_c, name)
#define ENGINE_COUNTER(name)   MEMBER(engine_c, name)
#define DATAPATH_COUNTER(name) { #name, view->datapath.name },
#define UDP_OUT_COUNTER(name)  MEMBER(udp_out_c, name)
	const struct member node[] = { NODE_COUNTER_LIST(NODE_COUNTER) };
	const struct member steer[] = { STEER_COUNTER_LIST(STEER_COUNTER) };
	const struct member engine[] = { ENGINE_COUNTER_LIST(ENGINE_COUNTER) };
	const struct member datapath[] = { DATAPATH_COUNTER_LIST(
		DATAPATH_COUNTER) };
	const struct member udp_out[] = { UDP_OUT_COUNTER_LIST(
		UDP_OUT_COUNTER) };
#undef MEMBER
#undef NODE_COUNTER
#undef STEER_COUNTER
#undef ENGINE_COUNTER
#undef DATAPATH_COUNTER
#undef UDP_OUT_COUNTER
	struct member drops[DROP_COUNT - 1], seal_drops[DROP_COUNT - 1];
	struct member datagrams[TRAFFIC_PURPOSES], bytes[TRAFFIC_PURPOSES];

	for (int i = 1; i < DROP_COUNT; i++) {
		const char *name = drop_name((enum drop)i);
		drops[i - 1] = (struct member){ name, steer_c->drops[i] };
		seal_drops[i - 1] =
			(struct member){ name, engine_c->seal_drops[i] };
	}
	for (unsigned i = 0; i < TRAFFIC_PURPOSES; i++) {
		const char *name = traffic_name((enum traffic_purpose)i);
		const struct traffic_sum *sent = &view->engine.traffic->sent[i];
		datagrams[i] = (struct member){ name, sent->datagrams };
		bytes[i] = (struct member){ name, sent->bytes };
	}
	json_members("node", node, COUNT(node), out);
	json_members("dht_datagrams", datagrams, COUNT(datagrams), out);
	json_members("dht_bytes", bytes, COUNT(bytes), out);
	json_members("steer", steer, COUNT(steer), out);
	json_members("engine", engine, COUNT(engine), out);
	json_members("datapath", datapath, COUNT(datapath), out);
	json_members("outlet", udp_out, COUNT(udp_out), out);
	json_members("drops", drops, COUNT(drops), out);
	json_members("seal_drops", seal_drops, COUNT(seal_drops), out);
}

static void
json_cost(const struct latency_histogram *cost, FILE *out)
{
	const struct member members[] = {
		{ "count", cost->count },
		{ "p50_ns",
		  (uint64_t)latency_histogram_quantile_ns(cost, 500000) },
		{ "p90_ns",
		  (uint64_t)latency_histogram_quantile_ns(cost, 900000) },
		{ "p99_ns",
		  (uint64_t)latency_histogram_quantile_ns(cost, 990000) },
		{ "p999_ns",
		  (uint64_t)latency_histogram_quantile_ns(cost, 999000) },
		{ "max_ns", cost->max_ns },
		{ "sum_ns", cost->sum_ns },
	};

	json_members("cost", members, COUNT(members), out);
}

static void
json_conf(const struct conf *conf, FILE *out)
{
	char text[ENDPOINT_TEXT_BYTES];

	fputs(",\"services\":[", out);
	for (uint32_t i = 0; i < conf->service_count; i++) {
		const struct endpoint service = {
			.address = conf->services[i].address,
			.port = conf->services[i].port,
		};
		fprintf(out, "%s\"%s\"", i > 0 ? "," : "",
			endpoint_text_format(&service, text));
	}
	fputs("],\"uplinks\":[", out);
	for (uint32_t i = 0; i < conf->uplink_count; i++) {
		fputs(i > 0 ? "," : "", out);
		json_string(conf->uplinks[i], out);
	}
	fputc(']', out);
}

void
status_json(const struct control_parts *parts, struct instant started,
	    struct instant now, FILE *out)
{
	struct view view;
	char text[ENDPOINT_TEXT_BYTES];

	view_take(&view, parts, started, now);
	fputs("{\"version\":", out);
	json_string(HOMEWARD_VERSION, out);
	fprintf(out, ",\"address\":\"%s\",\"uptime_ns\":%" PRId64,
		endpoint_text_format(&parts->conf->self, text), view.uptime_ns);
	fprintf(out,
		",\"joined\":%s,\"sessions\":%" PRIu32 ",\"contacts\":%" PRIu32
		",\"flows\":%" PRIu32 ",\"records\":%" PRIu32,
		view.engine.joined ? "true" : "false", view.engine.sessions,
		view.engine.contacts, view.engine.flows, view.engine.records);
	fprintf(out,
		",\"memory_bytes\":%zu,\"rss_bytes\":%" PRIu64
		",\"cpu_ns\":%" PRId64,
		view.engine.memory_bytes, status_rss_bytes(), status_cpu_ns());
	fprintf(out, ",\"drain\":{\"state\":\"%s\",\"left_ns\":",
		drain_state_name(view.drain));
	if (view.left_ns >= 0)
		fprintf(out, "%" PRId64 "}", view.left_ns);
	else
		fputs("null}", out);
	json_conf(parts->conf, out);
	json_counters(&view, out);
	json_cost(&view.cost, out);
	fputs("}\n", out);
}

/* ---- for the database ---- */

static void
line(const char *part, const char *name, uint64_t value, FILE *out)
{
	fprintf(out, "%s%s %" PRIu64 "\n", part, name, value);
}

void
status_counters(const struct control_parts *parts, FILE *out)
{
	struct view view;

	view_take(&view, parts, (struct instant){ 0 }, (struct instant){ 0 });
#define NODE_COUNTER(name)  line("node_", #name, view.engine.node->name, out);
#define STEER_COUNTER(name) line("steer_", #name, view.engine.steer->name, out);
#define ENGINE_COUNTER(name)                                                   \
	line("engine_", #name, view.engine.engine->name, out);
#define DATAPATH_COUNTER(name)                                                 \
	line(strcmp(#name, "kernel_resets") == 0 ? "" : "datapath_", #name,    \
	     view.datapath.name, out);
#define UDP_OUT_COUNTER(name) line("outlet_", #name, view.udp_out->name, out);
	NODE_COUNTER_LIST(NODE_COUNTER)
	STEER_COUNTER_LIST(STEER_COUNTER)
	ENGINE_COUNTER_LIST(ENGINE_COUNTER)
	DATAPATH_COUNTER_LIST(DATAPATH_COUNTER)
	UDP_OUT_COUNTER_LIST(UDP_OUT_COUNTER)
#undef NODE_COUNTER
#undef STEER_COUNTER
#undef ENGINE_COUNTER
#undef DATAPATH_COUNTER
#undef UDP_OUT_COUNTER
	for (unsigned i = 0; i < TRAFFIC_PURPOSES; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s_datagrams",
			 traffic_name((enum traffic_purpose)i));
		line("dht_", name, view.engine.traffic->sent[i].datagrams, out);
		snprintf(name, sizeof(name), "%s_bytes",
			 traffic_name((enum traffic_purpose)i));
		line("dht_", name, view.engine.traffic->sent[i].bytes, out);
	}
	for (int i = 1; i < DROP_COUNT; i++)
		line("drop_", drop_name((enum drop)i), drops_all(&view, i),
		     out);
	line("", "cost_p50_ns",
	     (uint64_t)latency_histogram_quantile_ns(&view.cost, 500000), out);
	line("", "cost_p99_ns",
	     (uint64_t)latency_histogram_quantile_ns(&view.cost, 990000), out);
	line("", "cost_count", view.cost.count, out);
	line("", "cpu_ns", (uint64_t)status_cpu_ns(), out);
	line("", "rss_bytes", status_rss_bytes(), out);
}
