/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay_result.c - what became of it all
 *
 * An outcome is about the time while a session was open, as its owner's kernel
 * saw it: from its SYN to the second FIN or a RST. What is sent later finds
 * no session anywhere, as without us.
 *
 *	unowned	  no server opened it: its SYN is not in the capture, or did
 *		  not arrive
 *	reset	  a RST of our making reached the client
 *	lost	  a packet of the client's never reached the owner, and nobody
 *		  here sends it again
 *	kept	  strayed, and every packet reached the owner
 *	half-open its handshake was never completed, and nothing of the above
 *	closed	  never strayed
 *	ambiguous not played, see conversation.h
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/replay/replay_state.h"

void
replay_state_measure(struct replay *replay, const struct watch_measurement *m)
{
	if (replay->measurement_count == replay->measurement_capacity) {
		replay->measurement_capacity =
			2 * replay->measurement_capacity + 64;
		replay->measurements = reallocarray(
			replay->measurements, replay->measurement_capacity,
			sizeof(*replay->measurements));
		if (replay->measurements == NULL)
			abort();
	}
	replay->measurements[replay->measurement_count] = *m;
	replay->measurements[replay->measurement_count++].at.ns =
		replay_state_since(replay, m->at);
}

const char *
replay_state_outcome(const struct replay *replay, uint32_t index)
{
	const struct conversation *conversation =
		conversations_get(replay->conversations, index);
	const struct conversation_state *state = &replay->states[index];

	if (conversation->ambiguous)
		return "ambiguous";
	if (conversation->owner == CONVERSATION_UNOWNED)
		return "unowned";
	if (state->reset_open)
		return "reset";
	if (state->lost_open > 0)
		return "lost";
	if (state->strayed_open > 0)
		return "kept";
	return conversation->established ? "closed" : "half-open";
}

static void
count(struct replay *replay, const char *node, const char *name, uint64_t value)
{
	replay->watch.counter(replay->watch.context, node, name, value);
}

static void
count_drops(struct replay *replay, const char *node, const uint64_t *drops)
{
	char name[48];

	for (unsigned i = 1; i < DROP_COUNT; i++) {
		if (drops[i] == 0)
			continue;
		snprintf(name, sizeof(name), "drop_%s",
			 drop_name((enum drop)i));
		count(replay, node, name, drops[i]);
	}
}

/* Names as a simulated server's. */
static void
server_report(struct replay *replay, uint32_t index)
{
	const struct server_agent *server =
		&replay->server_agents->array[index];
	const struct node_counters *node = node_counters(server->node);
	const struct steer_counters *steer =
		server_agent_counters(replay->server_agents, index);
	const char *name = network_device_name(replay->network, index);

#define NODE_COUNTER(field) count(replay, name, "node_" #field, node->field);
	NODE_COUNTER_LIST(NODE_COUNTER)
#undef NODE_COUNTER
#define STEER_COUNTER(field) count(replay, name, "steer_" #field, steer->field);
	STEER_COUNTER_LIST(STEER_COUNTER)
#undef STEER_COUNTER
	count_drops(replay, name, steer->drops);
	for (unsigned i = 0; i < DROP_COUNT; i++)
		replay->server_drops[i] += steer->drops[i];
}

static void
traffic_report(struct replay *replay)
{
	for (unsigned i = 0; i < TRAFFIC_PURPOSES; i++) {
		const struct traffic_sum *sent = &replay->traffic.sent[i];
		const char *purpose = traffic_name((enum traffic_purpose)i);
		char name[48];

		snprintf(name, sizeof(name), "dht_%s_datagrams", purpose);
		count(replay, "", name, sent->datagrams);
		snprintf(name, sizeof(name), "dht_%s_bytes", purpose);
		count(replay, "", name, sent->bytes);
	}
}

/* The network's sums, before anything else is counted. */
static void
network_drops_find(struct replay *replay)
{
	char name[48];

	for (unsigned i = 1; i < DROP_COUNT; i++) {
		snprintf(name, sizeof(name), "drop_%s",
			 drop_name((enum drop)i));
		for (uint32_t j = 0; j < replay->counter_count; j++) {
			const struct replay_state_counter *row =
				&replay->counters[j];

			if (row->node[0] == '\0' &&
			    strcmp(row->name, name) == 0)
				replay->network_drops[i] = row->value;
		}
	}
}

static void
lost_count(struct replay *replay)
{
	for (uint32_t i = 0; i < deliveries_count(replay->deliveries); i++) {
		const struct delivery *delivery =
			deliveries_get(replay->deliveries, i);

		if (!delivery->to_server || delivery->late ||
		    delivery->state == DELIVERY_OUT ||
		    delivery->state == DELIVERY_WAITING ||
		    delivery->state == DELIVERY_DELIVERED)
			continue;
		replay->states[delivery->conversation].lost_open++;
	}
}

void
replay_state_finish(struct replay *replay)
{
	uint64_t messages = 0, bytes = 0;

	network_report(replay->network);
	network_drops_find(replay);
	for (uint32_t i = 0; i < replay->server_count; i++) {
		const struct node_counters *node =
			node_counters(replay->server_agents->array[i].node);

		messages += node->sent;
		bytes += node->sent_bytes;
		server_report(replay, i);
	}
	traffic_report(replay);
	count(replay, "", "messages_sent", messages);
	count(replay, "", "message_bytes_sent", bytes);
	count(replay, "", "capture_records",
	      deliveries_count(replay->deliveries));
	count(replay, "", "capture_tcp", replay->tcp);
	count(replay, "", "capture_filled", replay->filled);
	count(replay, "", "capture_backwards", replay->pace.backwards);
	count(replay, "", "capture_gaps", replay->pace.gaps);
	count(replay, "", "capture_lifted", replay->lifted);
	count(replay, "", "replay_altered", replay->altered);
	count(replay, "", "replay_duplicates", replay->duplicates);
	count(replay, "", "replay_resets_sent", replay->server_agents->answers);
	lost_count(replay);
	replay->events = queue_popped(replay->queue);
	replay->state_hash = queue_hash(replay->queue);
}
