/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exchange.c - a node's datagrams; see exchange.h */
#include "core/dht/exchange.h"

/* Answers after which a long round trip counts for a third of itself. */
#define FAR_DECAY 64
/* Beyond any timeout, and twice it is no overflow. */
#define FAR_MAX_NS (3600 * NS_PER_S)

bool
exchange_begin(struct outbox *outbox, const struct endpoint *to,
	       enum message_type type, uint32_t transaction,
	       struct message_writer *writer)
{
	uint8_t *bytes;
	struct outbox_item *item =
		outbox_add(outbox, OUTBOX_DATAGRAM, MESSAGE_MAX, &bytes);

	if (item == NULL)
		return false;
	item->to = *to;
	message_begin(writer, bytes, MESSAGE_MAX, type, transaction);
	return true;
}

void
exchange_send(struct node *node, struct outbox *outbox,
	      enum traffic_purpose purpose, const struct message_writer *writer)
{
	outbox_trim(outbox, writer->size);
	node->counters.sent++;
	node->counters.sent_bytes += writer->size;
	traffic_sent(node->parts.traffic, purpose, writer->size);
}

/* For who was never measured. */
static int64_t
stranger_timeout_ns(const struct node *node)
{
	const struct node_settings *settings = node->settings;
	int64_t timeout_ns = 2 * node->far_ns;

	if (timeout_ns == 0 || timeout_ns > settings->timeout_initial_ns)
		return settings->timeout_initial_ns;
	return timeout_ns < settings->timeout_floor_ns
		       ? settings->timeout_floor_ns
		       : timeout_ns;
}

int64_t
exchange_timeout_ns(struct node *node, uint32_t peer)
{
	const struct node_settings *settings = node->settings;
	const struct contact *contact = table_find(node->table, peer);
	bool farther = contact != NULL && contact_stale(contact);
	struct contact_timing timing = {
		.initial_ns = farther ? settings->timeout_initial_ns
				      : stranger_timeout_ns(node),
		.floor_ns = settings->timeout_floor_ns,
		.cap_ns = settings->timeout_cap_ns,
	};

	return contact_timeout_ns(contact, &timing);
}

int64_t
exchange_hedge_ns(struct node *node, uint32_t peer)
{
	const struct contact *contact = table_find(node->table, peer);
	int64_t timeout_ns = exchange_timeout_ns(node, peer);
	int64_t usual_ns = contact == NULL ? 0 : contact_usual_ns(contact);
	int64_t hedge_ns = usual_ns > 0 ? hedge_after_ns(&node->hedge, usual_ns)
					: node->far_ns + node->far_ns / 8;

	if (hedge_ns == 0)
		return timeout_ns;
	return hedge_ns < timeout_ns ? hedge_ns : timeout_ns;
}

void
exchange_answered(struct node *node, uint32_t peer, int64_t rtt_ns)
{
	const struct contact *contact = table_find(node->table, peer);
	int64_t usual_ns = contact == NULL ? 0 : contact_usual_ns(contact);
	bool missed = node_missed(node, peer);

	if (rtt_ns >= 0 && usual_ns > 0)
		hedge_learn(&node->hedge, usual_ns, rtt_ns);
	if (table_answered(node->table, peer, rtt_ns) == TABLE_ADDED || missed)
		node->keepers_news = true;
	if (rtt_ns >= node->far_ns)
		node->far_ns = rtt_ns < FAR_MAX_NS ? rtt_ns : FAR_MAX_NS;
	else if (rtt_ns >= 0)
		node->far_ns -= (node->far_ns - rtt_ns) / FAR_DECAY;
}

uint32_t
exchange_ms(int64_t ns)
{
	int64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS > 0);

	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}
