/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.c - a capture is read twice: to know its sessions, and to play them
 *
 *	first pass	conversations, and which side of each serves;
 *			a delivery for each record, or why it is left out
 *	state		fabric and servers for these services (replay_state.c)
 *	second pass	each record is an event at its time
 *
 * The second pass holds one record, so the size of a capture does not matter:
 * a record costs 32 bytes, a session some 300. A file that changes between
 * the passes is noticed by its record count or by packets that are no longer
 * the same kind; it is then treated as broken there.
 */
#include "harness/replay/replay.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "core/wire/build.h"
#include "core/wire/checksum.h"
#include "harness/base/exit.h"
#include "harness/db/run_writer.h"
#include "harness/replay/replay_state.h"
#include "harness/replay/snaplen_padding.h"

#define GAP_MAX_NS  (600 * NS_PER_S)
#define BACK_MAX_NS NS_PER_S
/* Zero of the capture: the fabric has converged; in the lab's time, long
 * since. */
#define ZERO_NS	    NS_PER_S
#define ZERO_LAB_NS (30 * NS_PER_S)
/* After the last record: longer than any flow is held (miss_deadline). */
#define TAIL_NS (3 * NS_PER_S)
/* Edge, exit, spine and leaf, and some to spare. */
#define TTL_MIN	   8
#define TTL_LIFTED 64

/* ---- the capture's clock ---- */

static int64_t
pace_next(struct pace *pace, int64_t stamp_ns)
{
	if (!pace->started) {
		pace->started = true;
		pace->origin_ns = stamp_ns;
		return 0;
	}

	/* Stamps are within 292 years of each other, or saturate. */
	int64_t at_ns;
	if (__builtin_sub_overflow(stamp_ns, pace->origin_ns, &at_ns))
		at_ns = stamp_ns < pace->origin_ns ? INT64_MIN / 2
						   : INT64_MAX / 2;
	if (at_ns < pace->now_ns) {
		pace->backwards++;
		if (pace->now_ns - at_ns > BACK_MAX_NS)
			pace->origin_ns = stamp_ns - pace->now_ns;
		return pace->now_ns;
	}
	if (at_ns - pace->now_ns > GAP_MAX_NS) {
		pace->gaps++;
		/* In 73 years time stands still. */
		at_ns = pace->now_ns;
		if (at_ns < INT64_MAX / 4)
			at_ns += GAP_MAX_NS;
		pace->origin_ns = stamp_ns - at_ns;
	}
	pace->now_ns = at_ns;
	return at_ns;
}

/* ---- first pass ---- */

/* What a record is, for both passes alike. One that was cut is made whole:
 * then its bytes are ours. */
static enum drop
record_parse(struct replay *replay, struct capture_packet *record,
	     struct packet *packet)
{
	if (record->drop != DROP_NONE)
		return record->drop;

	enum drop drop = packet_parse(record->bytes, record->size, packet);
	if (drop != DROP_SHORT)
		return drop;
	uint32_t size = snaplen_padding_fill(record, replay->whole);
	if (size == 0)
		return drop;
	record->bytes = replay->whole;
	record->size = size;
	return packet_parse(record->bytes, record->size, packet);
}

static bool
record_file(struct replay *replay, struct capture_packet *record)
{
	struct conversation_part part = { .conversation = CONVERSATION_NONE };
	struct packet packet;
	enum drop drop = record_parse(replay, record, &packet);

	if (drop == DROP_NONE)
		drop = conversations_file(replay->conversations, record->bytes,
					  &packet, record->at_ns, &part);
	if (drop != DROP_NONE)
		replay->left_out[drop]++;
	else if (packet.size_bytes > replay->size_max)
		replay->size_max = packet.size_bytes;
	replay->tcp += drop == DROP_NONE;
	replay->filled += drop == DROP_NONE && record->bytes == replay->whole;
	return deliveries_add(replay->deliveries, part.conversation,
			      part.to_server, drop);
}

static int
first_pass(struct replay *replay)
{
	struct capture *capture;
	struct capture_packet record;
	struct pace pace = { .started = false };
	char error[sizeof(replay->broken)];
	int more;

	if (capture_open(&capture, replay->asked.path, error, sizeof(error)) !=
	    0) {
		fprintf(stderr, "homeward replay: %s\n", error);
		return EXIT_USAGE;
	}
	while ((more = capture_next(capture, &record, error, sizeof(error))) ==
	       1) {
		record.at_ns = pace_next(&pace, record.at_ns);
		if (!record_file(replay, &record)) {
			snprintf(error, sizeof(error),
				 "more records than can be numbered");
			more = -1;
			break;
		}
	}
	capture_close(capture);
	if (more < 0)
		snprintf(replay->broken, sizeof(replay->broken), "%s", error);
	return 0;
}

/* Sessions that cannot be told apart on the way are left out. */
static void
services_find(struct replay *replay)
{
	replay->services = conversations_services(replay->conversations,
						  &replay->service_count);
	for (uint32_t i = 0; i < deliveries_count(replay->deliveries); i++) {
		struct delivery *delivery =
			deliveries_get(replay->deliveries, i);

		if (delivery->state == DELIVERY_OUT ||
		    !conversations_get(replay->conversations,
				       delivery->conversation)
			     ->ambiguous)
			continue;
		delivery->state = DELIVERY_OUT;
		replay->ambiguous++;
	}
}

/* ---- the move ---- */

static void
fault_note(struct replay *replay, const char *kind, const char *target)
{
	struct replay_state_fault *fault =
		&replay->faults[replay->fault_count++];

	fault->kind = kind;
	snprintf(fault->target, sizeof(fault->target), "%s", target);
}

static void
move(struct replay *replay, struct instant now)
{
	bool out = replay->asked.move == REPLAY_DRAIN ||
		   replay->asked.move == REPLAY_SCALE_OUT;

	assert(!replay->moved);
	replay->moved = true;
	replay->moved_ns = replay_state_since(replay, now);
	replay->faults =
		calloc(replay->server_count + 1, sizeof(*replay->faults));
	if (replay->faults == NULL)
		abort();
	for (uint32_t i = 1; out && i < replay->server_count; i++) {
		network_announce(replay->network, i, true);
		fault_note(replay, "undrain",
			   network_device_name(replay->network, i));
	}
	if (replay->asked.move == REPLAY_DRAIN) {
		network_announce(replay->network, 0, false);
		fault_note(replay, "drain",
			   network_device_name(replay->network, 0));
	}
	if (replay->asked.move == REPLAY_CUT) {
		network_link_set(
			replay->network,
			network_link_find(replay->network, replay->asked.link),
			LINK_DOWN);
		fault_note(replay, "link_down", replay->asked.link);
	}
}

static void
move_schedule(struct replay *replay, int64_t delay_ns)
{
	const struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_FAULT,
		.code = REPLAY_STATE_MOVE,
	};

	queue_schedule(replay->queue, 0, delay_ns, &event);
}

/* Is the record that is next the one before which all moves? */
static bool
move_is_due(const struct replay *replay)
{
	uint64_t half = deliveries_count(replay->deliveries) / 2 + 1;

	if (replay->asked.move == REPLAY_STAY)
		return false;
	if (replay->asked.when == REPLAY_AT_RECORD)
		return replay->record.number == replay->asked.record;
	return replay->asked.when == REPLAY_AT_HALF &&
	       replay->record.number == half;
}

/* ---- second pass ---- */

static void
capture_end(struct replay *replay)
{
	int64_t tail_ns = replay->one_way_ns + TAIL_NS;

	capture_close(replay->capture);
	replay->capture = NULL;
	replay->end = instant_after(queue_now(replay->queue), tail_ns);
}

/* Read on to the next record that is to be sent, and schedule it. */
static void
record_next(struct replay *replay)
{
	struct instant now = queue_now(replay->queue);
	const struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_WORKLOAD,
		.code = REPLAY_STATE_RECORD,
	};
	char error[sizeof(replay->broken)];

	for (;;) {
		/* Where the first pass ended, so does this one. */
		bool more = replay->record.number <
				    deliveries_count(replay->deliveries) &&
			    capture_next(replay->capture, &replay->record,
					 error, sizeof(error)) == 1;
		if (!more) {
			if (replay->record.number <
			    deliveries_count(replay->deliveries))
				snprintf(replay->broken, sizeof(replay->broken),
					 "after %llu packets: %s",
					 (unsigned long long)
						 replay->record.number,
					 "changed while it was read");
			capture_end(replay);
			return;
		}
		int64_t at_ns = pace_next(&replay->pace, replay->record.at_ns);
		int64_t delay_ns = instant_distance_ns(
			now, instant_after(replay->zero, at_ns));

		if (move_is_due(replay))
			move_schedule(replay, delay_ns);
		uint32_t index = (uint32_t)(replay->record.number - 1);
		if (deliveries_get(replay->deliveries, index)->state ==
		    DELIVERY_OUT)
			continue;
		queue_schedule(replay->queue, 0, delay_ns, &event);
		return;
	}
}

/* The capture may have been taken at the end of a packet's way; here it has
 * routers before it. */
static void
ttl_lift(struct replay *replay, uint8_t *bytes, const struct packet *packet)
{
	if (packet->ttl >= TTL_MIN)
		return;
	replay->lifted++;
	if (packet->family == 6) {
		bytes[7] = TTL_LIFTED;
		return;
	}
	uint16_t before = wire_get16(bytes + 8);
	bytes[8] = TTL_LIFTED;
	wire_put16(bytes + 10, checksum_update16(wire_get16(bytes + 10), before,
						 wire_get16(bytes + 8)));
}

static void
answer_add(struct replay *replay, uint32_t delivery,
	   const struct packet *packet)
{
	struct answer *answer = malloc(sizeof(*answer) + packet->size_bytes);
	const struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_WORKLOAD,
		.code = REPLAY_STATE_ANSWER,
	};

	if (answer == NULL)
		abort();
	answer->next = NULL;
	answer->delivery = delivery;
	answer->size = packet->size_bytes;
	memcpy(answer->bytes, replay->record.bytes, packet->size_bytes);
	ttl_lift(replay, answer->bytes, packet);
	if (replay->answer_first == NULL)
		replay->answer_first = answer;
	else
		replay->answer_last->next = answer;
	replay->answer_last = answer;
	queue_schedule(replay->queue, 0, replay->one_way_ns, &event);
}

static void
record_send(struct replay *replay)
{
	uint32_t index = (uint32_t)(replay->record.number - 1);
	struct delivery *delivery = deliveries_get(replay->deliveries, index);
	struct conversation_state *state =
		&replay->states[delivery->conversation];
	uint8_t *bytes = replay->whole;
	struct packet packet;

	/* Only when the file has changed under us. */
	if (record_parse(replay, &replay->record, &packet) != DROP_NONE) {
		delivery->state = DELIVERY_OUT;
		record_next(replay);
		return;
	}
	conversations_get(replay->conversations, delivery->conversation)
		->begun = true;
	if (delivery->to_server) {
		state->sent++;
		delivery->late = state->ended;
		memmove(bytes, replay->record.bytes, packet.size_bytes);
		ttl_lift(replay, bytes, &packet);
		deliveries_send(replay->deliveries, index, bytes,
				packet.size_bytes);
		network_send(replay->network, replay->client, OUTBOX_ANY_UPLINK,
			     bytes, packet.size_bytes);
	} else {
		answer_add(replay, index, &packet);
	}
	record_next(replay);
}

static void
answer_send(struct replay *replay, struct instant now)
{
	struct answer *answer = replay->answer_first;
	uint32_t conversation =
		deliveries_get(replay->deliveries, answer->delivery)
			->conversation;
	uint32_t owner =
		conversations_get(replay->conversations, conversation)->owner;
	struct packet packet;

	replay->answer_first = answer->next;
	replay->states[conversation].answers++;
	deliveries_send(replay->deliveries, answer->delivery, answer->bytes,
			answer->size);
	if (packet_parse(answer->bytes, answer->size, &packet) == DROP_NONE)
		replay_state_answered(replay, now, conversation, &packet);
	network_send(replay->network, owner == CONVERSATION_UNOWNED ? 0 : owner,
		     OUTBOX_ANY_UPLINK, answer->bytes, answer->size);
	free(answer);
}

static void
handle(struct replay *replay, const struct event *event)
{
	struct instant now = queue_now(replay->queue);

	switch ((enum event_kind)event->kind) {
	case EVENT_PACKET:
	case EVENT_ROUTE:
		network_event(replay->network, event);
		break;
	case EVENT_HOST:
		server_agent_event(replay->server_agents, now, event, true);
		break;
	case EVENT_WORKLOAD:
		if (event->code == REPLAY_STATE_RECORD)
			record_send(replay);
		else
			answer_send(replay, now);
		break;
	case EVENT_TCP:
		replay_state_linger(replay, event->a);
		break;
	case EVENT_FAULT:
		move(replay, now);
		break;
	case EVENT_ATTACK:
	case EVENT_KINDS:
		break;
	}
}

static void
run_until(struct replay *replay)
{
	struct event event;

	while (queue_next(replay->queue, replay->end, &event))
		handle(replay, &event);
}

static void
second_pass(struct replay *replay)
{
	replay->zero.ns = replay->asked.lab_routing ? ZERO_LAB_NS : ZERO_NS;
	replay->first_stray_ns = REPLAY_STATE_NEVER;
	if (replay->asked.move == REPLAY_DRAIN ||
	    replay->asked.move == REPLAY_SCALE_OUT ||
	    replay->asked.move == REPLAY_STAY)
		for (uint32_t i = 1; i < replay->server_count; i++)
			network_announce(replay->network, i, false);
	replay_state_start(replay);
	replay->end = replay->zero;
	run_until(replay);
	replay->end = INSTANT_NEVER;
	if (replay->asked.when == REPLAY_AT_TIME &&
	    replay->asked.move != REPLAY_STAY)
		move_schedule(replay, replay->asked.at_ns);
	record_next(replay);
	run_until(replay);
}

/* ---- all of it ---- */

/* The file's name without folders and suffix, for the captures' names. */
static void
stem_of(const char *path, char *stem, size_t size)
{
	const char *slash = strrchr(path, '/');

	snprintf(stem, size, "%s", slash != NULL ? slash + 1 : path);
	char *dot = strrchr(stem, '.');
	if (dot != NULL && dot != stem)
		*dot = '\0';
}

/* It is read twice, so it must be a file. */
static int
path_check(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		fprintf(stderr, "homeward replay: %s: %s\n", path,
			strerror(errno));
		return EXIT_USAGE;
	}
	if (!S_ISREG(status.st_mode)) {
		fprintf(stderr,
			"homeward replay: %s: not a file; a capture is read "
			"twice\n",
			path);
		return EXIT_USAGE;
	}
	return 0;
}

static int
play(struct replay *replay)
{
	char stem[256], error[256];
	int code = first_pass(replay);

	if (code != 0)
		return code;
	services_find(replay);
	stem_of(replay->asked.path, stem, sizeof(stem));
	if (replay->asked.out != NULL &&
	    (replay->trace = trace_create(replay->asked.out, stem)) == NULL)
		return EXIT_RUNTIME;
	code = replay_state_create(replay);
	if (code != 0)
		return code;
	if (capture_open(&replay->capture, replay->asked.path, error,
			 sizeof(error)) != 0) {
		fprintf(stderr, "homeward replay: %s\n", error);
		return EXIT_RUNTIME;
	}
	second_pass(replay);
	replay_state_finish(replay);
	return 0;
}

static double
seconds(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) +
	       (double)(to->tv_nsec - from->tv_nsec) * 1e-9;
}

int
replay_play(struct replay **out, const struct replay_settings *settings)
{
	struct timespec wall[2], cpu[2];
	int code = path_check(settings->path);

	*out = NULL;
	if (code != 0)
		return code;
	struct replay *replay = calloc(1, sizeof(*replay));
	if (replay == NULL)
		abort();
	replay->asked = *settings;
	replay->conversations = conversations_create();
	replay->deliveries = deliveries_create();
	run_writer_now(replay->started_at);
	clock_gettime(CLOCK_MONOTONIC, &wall[0]);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu[0]);
	code = play(replay);
	clock_gettime(CLOCK_MONOTONIC, &wall[1]);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu[1]);
	replay->wall_s = seconds(&wall[0], &wall[1]);
	replay->cpu_s = seconds(&cpu[0], &cpu[1]);
	if (replay->trace != NULL &&
	    trace_close(replay->trace, NULL, NULL) != 0 && code == 0)
		code = EXIT_RUNTIME;
	replay->trace = NULL;
	if (code != 0) {
		replay_destroy(replay);
		return code;
	}
	if (replay->broken[0] != '\0') {
		fprintf(stderr, "homeward replay: %s: broken %s\n",
			settings->path, replay->broken);
		code = EXIT_RUNTIME;
	}
	if (!replay->moved && settings->move != REPLAY_STAY &&
	    deliveries_count(replay->deliveries) > 0)
		fprintf(stderr,
			"homeward replay: the capture ended before the move\n");
	*out = replay;
	return code;
}

void
replay_destroy(struct replay *replay)
{
	if (replay == NULL)
		return;
	capture_close(replay->capture);
	replay_state_destroy(replay);
	free(replay->services);
	conversations_destroy(replay->conversations);
	deliveries_destroy(replay->deliveries);
	free(replay);
}
