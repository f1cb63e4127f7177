/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conversation.c - the capture read once, a session a SYN
 *
 * Sessions with one key form a chain, newest first; a hash table with linear
 * probing finds the newest. A packet may run either way, so both keys are
 * looked up. Ordered by the first packet, so an index says the order in the
 * capture.
 */
#include "harness/replay/conversation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/siphash.h"
#include "core/wire/tcp.h"
#include "sim/engine/memory.h"

struct tracked {
	struct conversation conversation;
	uint32_t older; /* with the same key */
	uint32_t isn; /* the client's first sequence number */
	bool isn_known;
	bool fin_client, fin_server; /* in the capture */
};

/* A first fragment, which knows whose the later ones are. */
struct first {
	struct address src, dst;
	uint32_t id;
	uint8_t protocol; /* IPv4 */
	struct conversation_part part;
};

struct conversations {
	struct tracked *tracked;
	uint32_t count, capacity;
	uint32_t *slots; /* index of the newest, or CONVERSATION_NONE */
	uint32_t slot_count; /* power of two, at least twice the entries */
	struct first firsts[CONVERSATION_FRAGMENTS]; /* a ring */
	uint32_t first_count; /* ever */
};

static void
slots_reset(struct conversations *conversations, uint32_t slot_count)
{
	conversations->slots = memory_grown(conversations->slots, slot_count,
					    sizeof(uint32_t));
	conversations->slot_count = slot_count;
	memset(conversations->slots, 0xff, slot_count * sizeof(uint32_t));
}

struct conversations *
conversations_create(void)
{
	struct conversations *conversations = calloc(1, sizeof(*conversations));

	if (conversations == NULL)
		abort();
	conversations->capacity = 64;
	conversations->tracked = memory_grown(NULL, conversations->capacity,
					      sizeof(*conversations->tracked));
	slots_reset(conversations, 2 * conversations->capacity);
	return conversations;
}

void
conversations_destroy(struct conversations *conversations)
{
	if (conversations == NULL)
		return;
	free(conversations->tracked);
	free(conversations->slots);
	free(conversations);
}

uint32_t
conversations_count(const struct conversations *conversations)
{
	return conversations->count;
}

struct conversation *
conversations_get(struct conversations *conversations, uint32_t index)
{
	assert(index < conversations->count);
	return &conversations->tracked[index].conversation;
}

/* Where a key is, or where it would go. */
static uint32_t
slot_of(const struct conversations *conversations,
	const struct session_key *key)
{
	/* Order of indices does not depend on the hash: any key will do. */
	static const struct siphash_key fixed;
	uint32_t mask = conversations->slot_count - 1;
	uint32_t slot = (uint32_t)siphash(&fixed, key, sizeof(*key)) & mask;

	while (conversations->slots[slot] != CONVERSATION_NONE) {
		uint32_t index = conversations->slots[slot];

		if (session_equal(
			    &conversations->tracked[index].conversation.key,
			    key))
			break;
		slot = (slot + 1) & mask;
	}
	return slot;
}

static uint32_t
newest(const struct conversations *conversations, const struct session_key *key)
{
	return conversations->slots[slot_of(conversations, key)];
}

static void
rehash(struct conversations *conversations)
{
	slots_reset(conversations, 2 * conversations->slot_count);
	for (uint32_t i = 0; i < conversations->count; i++) /* newest wins */
		conversations->slots[slot_of(
			conversations,
			&conversations->tracked[i].conversation.key)] = i;
}

static uint32_t
add(struct conversations *conversations, const struct session_key *key)
{
	if (conversations->count == conversations->capacity) {
		conversations->capacity *= 2;
		conversations->tracked = memory_grown(
			conversations->tracked, conversations->capacity,
			sizeof(*conversations->tracked));
		rehash(conversations);
	}
	uint32_t slot = slot_of(conversations, key);
	uint32_t index = conversations->count++;
	conversations->tracked[index] = (struct tracked){
		.conversation = { .key = *key, .owner = CONVERSATION_UNOWNED },
		.older = conversations->slots[slot],
	};
	conversations->slots[slot] = index;
	return index;
}

/* Without any SYN: is the packet's destination the service? */
static bool
destination_serves(const struct session_key *key)
{
	return wire_get16(key->service_port) <= wire_get16(key->client_port);
}

static void
note_end(struct tracked *tracked, bool to_server, uint8_t flags)
{
	if (flags & TCP_RST)
		tracked->fin_client = tracked->fin_server = true;
	else if ((flags & TCP_FIN) && to_server)
		tracked->fin_client = true;
	else if (flags & TCP_FIN)
		tracked->fin_server = true;
}

/* Does a SYN begin a session of its own, though its key is known? */
static bool
syn_is_new(const struct tracked *tracked, bool to_server, uint32_t sequence)
{
	return !to_server || (tracked->fin_client && tracked->fin_server) ||
	       !tracked->isn_known || tracked->isn != sequence;
}

static enum drop
place_segment(struct conversations *conversations, const struct packet *packet,
	      int64_t at_ns, struct conversation_part *part)
{
	struct session_key forward, backward;
	uint8_t kind = packet->tcp_flags & (TCP_SYN | TCP_ACK);
	bool syn = kind == TCP_SYN;

	enum drop drop = packet_session(packet, false, &forward);
	if (drop == DROP_NONE) /* the same ends, the roles exchanged */
		drop = packet_session(packet, true, &backward);
	if (drop != DROP_NONE)
		return drop;
	part->conversation = newest(conversations, &forward);
	part->to_server = part->conversation != CONVERSATION_NONE;
	if (!part->to_server)
		part->conversation = newest(conversations, &backward);
	if (part->conversation == CONVERSATION_NONE ||
	    (syn && syn_is_new(&conversations->tracked[part->conversation],
			       part->to_server, packet->tcp_seq))) {
		part->to_server = syn || (kind != (TCP_SYN | TCP_ACK) &&
					  destination_serves(&forward));
		part->conversation = add(
			conversations, part->to_server ? &forward : &backward);
		conversations->tracked[part->conversation]
			.conversation.first_ns = at_ns;
	}

	struct tracked *tracked = &conversations->tracked[part->conversation];
	if (syn) {
		tracked->isn = packet->tcp_seq;
		tracked->isn_known = true;
		tracked->conversation.syn = true;
	} else if (kind == (TCP_SYN | TCP_ACK) && !part->to_server &&
		   !tracked->isn_known) {
		tracked->isn = packet->tcp_ack - 1;
		tracked->isn_known = true;
	}
	note_end(tracked, part->to_server, packet->tcp_flags);
	return DROP_NONE;
}

/* An ICMP error is for the service when it quotes what the service sent. */
static enum drop
place_error(const struct conversations *conversations, const uint8_t *bytes,
	    const struct packet *packet, struct conversation_part *part)
{
	struct packet quote;
	struct session_key key;

	if (packet_parse_quote(bytes + packet->quote_offset,
			       packet->quote_bytes, &quote) != DROP_NONE ||
	    packet_session(&quote, true, &key) != DROP_NONE)
		return DROP_ICMP_QUOTE;
	part->conversation = newest(conversations, &key);
	part->to_server = true;
	if (part->conversation != CONVERSATION_NONE)
		return address_equal(&quote.src, &packet->dst)
			       ? DROP_NONE
			       : DROP_ICMP_QUOTE;
	if (packet_session(&quote, false, &key) == DROP_NONE &&
	    newest(conversations, &key) != CONVERSATION_NONE)
		return DROP_NOT_SERVICE;
	return DROP_ICMP_QUOTE;
}

static bool
first_is_of(const struct first *first, const struct packet *packet)
{
	return first->id == packet->fragment_id &&
	       address_equal(&first->src, &packet->src) &&
	       address_equal(&first->dst, &packet->dst) &&
	       (packet->family == 6 || first->protocol == packet->protocol);
}

static enum drop
place_later(const struct conversations *conversations,
	    const struct packet *packet, struct conversation_part *part)
{
	uint32_t count = conversations->first_count;
	uint32_t kept =
		count < CONVERSATION_FRAGMENTS ? count : CONVERSATION_FRAGMENTS;

	if (packet->family == 4 && packet->protocol != IP_TCP &&
	    packet->protocol != IP_ICMP4)
		return DROP_PROTOCOL;
	for (uint32_t i = 1; i <= kept; i++) {
		const struct first *first =
			&conversations
				 ->firsts[(count - i) % CONVERSATION_FRAGMENTS];

		if (first_is_of(first, packet)) {
			*part = first->part;
			return DROP_NONE;
		}
	}
	return DROP_FRAGMENT;
}

enum drop
conversations_file(struct conversations *conversations, const uint8_t *bytes,
		   const struct packet *packet, int64_t at_ns,
		   struct conversation_part *part)
{
	enum drop drop;

	if (packet->fragment_offset > 0)
		drop = place_later(conversations, packet, part);
	else if (packet->icmp_error)
		drop = place_error(conversations, bytes, packet, part);
	else
		drop = place_segment(conversations, packet, at_ns, part);
	if (drop != DROP_NONE)
		return drop;

	struct conversation *conversation =
		&conversations->tracked[part->conversation].conversation;
	conversation->packets++;
	conversation->to_server += part->to_server;
	conversation->last_ns = at_ns;
	if (packet->mf && packet->fragment_offset == 0)
		conversations->firsts[conversations->first_count++ %
				      CONVERSATION_FRAGMENTS] = (struct first){
			.src = packet->src,
			.dst = packet->dst,
			.id = packet->fragment_id,
			.protocol = packet->protocol,
			.part = *part,
		};
	return DROP_NONE;
}

/*
 * Services
 */

static int
service_compare(const void *left, const void *right)
{
	const struct steer_service *a = left, *b = right;
	int order = (int)a->address.family - (int)b->address.family;

	if (order == 0)
		order = memcmp(a->address.bytes, b->address.bytes,
			       sizeof(a->address.bytes));
	return order != 0 ? order : (int)a->port - (int)b->port;
}

static struct address
address_of(uint8_t family, const uint8_t bytes[16])
{
	return family == 4 ? address_ip4(bytes) : address_ip6(bytes);
}

static struct steer_service
end_of(const struct session_key *key, bool client)
{
	return (struct steer_service){
		.address = address_of(key->family,
				      client ? key->client : key->service),
		.port = wire_get16(client ? key->client_port
					  : key->service_port),
	};
}

/* Sorted, each once; how many are left. */
static uint32_t
services_sort(struct steer_service *services, uint32_t count)
{
	uint32_t kept = 0;

	if (count == 0)
		return 0;
	qsort(services, count, sizeof(*services), service_compare);
	for (uint32_t i = 1; i < count; i++)
		if (service_compare(&services[kept], &services[i]) != 0)
			services[++kept] = services[i];
	return kept + 1;
}

static bool
services_have(const struct steer_service *services, uint32_t count,
	      const struct steer_service *wanted)
{
	return count > 0 && bsearch(wanted, services, count, sizeof(*services),
				    service_compare) != NULL;
}

struct steer_service *
conversations_services(struct conversations *conversations, uint32_t *count)
{
	uint32_t all = conversations->count;
	struct steer_service *services =
		memory_grown(NULL, all + 1, sizeof(*services));
	struct steer_service *clients =
		memory_grown(NULL, all + 1, sizeof(*clients));

	for (uint32_t i = 0; i < all; i++) {
		clients[i] = end_of(&conversations->tracked[i].conversation.key,
				    true);
		clients[i].port = 0;
	}
	uint32_t client_count = services_sort(clients, all);
	uint32_t listed = 0;
	for (uint32_t i = 0; i < all; i++) {
		struct conversation *conversation =
			&conversations->tracked[i].conversation;
		struct steer_service service =
			end_of(&conversation->key, false);
		struct steer_service address = service;
		bool client_too;

		address.port = 0;
		client_too = services_have(clients, client_count, &address);
		/* Port 0 would claim what is for the client. */
		conversation->ambiguous = client_too && service.port == 0;
		if (!conversation->ambiguous)
			services[listed++] = client_too ? service : address;
	}
	*count = services_sort(services, listed);
	for (uint32_t i = 0; i < all; i++) {
		struct conversation *conversation =
			&conversations->tracked[i].conversation;
		struct steer_service client = end_of(&conversation->key, true);

		conversation->ambiguous |=
			services_have(services, *count, &client);
	}
	free(clients);
	return services;
}

/*
 * While they are replayed
 */

uint32_t
conversations_socket(const struct conversations *conversations, uint32_t server,
		     const struct session_key *key)
{
	uint32_t index = newest(conversations, key);

	for (; index != CONVERSATION_NONE;
	     index = conversations->tracked[index].older) {
		const struct conversation *conversation =
			&conversations->tracked[index].conversation;

		if (conversation->socket && conversation->owner == server)
			break;
	}
	return index;
}

uint32_t
conversations_begun(const struct conversations *conversations,
		    const struct session_key *key)
{
	uint32_t index = newest(conversations, key);

	while (index != CONVERSATION_NONE &&
	       !conversations->tracked[index].conversation.begun)
		index = conversations->tracked[index].older;
	return index;
}
