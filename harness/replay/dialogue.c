/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dialogue.c - see dialogue.h
 *
 * Sessions with one key form a chain, newest first; a hash table with linear
 * probing finds the newest. A packet may run either way, so both keys are
 * looked up. Ordered by the first packet, so an index says the order in the
 * capture.
 */
#include "harness/replay/dialogue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/siphash.h"
#include "core/wire/tcp.h"
#include "sim/engine/memory.h"

struct entry {
	struct dialogue dialogue;
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
	struct dialogue_part part;
};

struct dialogues {
	struct entry *entries;
	uint32_t count, capacity;
	uint32_t *slots; /* index of the newest, or DIALOGUE_NONE */
	uint32_t slot_count; /* power of two, at least twice the entries */
	struct first firsts[DIALOGUE_FRAGMENTS]; /* a ring */
	uint32_t first_count; /* ever */
};

static void
slots_reset(struct dialogues *dialogues, uint32_t slot_count)
{
	dialogues->slots =
		memory_grown(dialogues->slots, slot_count, sizeof(uint32_t));
	dialogues->slot_count = slot_count;
	memset(dialogues->slots, 0xff, slot_count * sizeof(uint32_t));
}

struct dialogues *
dialogues_create(void)
{
	struct dialogues *dialogues = calloc(1, sizeof(*dialogues));

	if (dialogues == NULL)
		abort();
	dialogues->capacity = 64;
	dialogues->entries = memory_grown(NULL, dialogues->capacity,
					  sizeof(*dialogues->entries));
	slots_reset(dialogues, 2 * dialogues->capacity);
	return dialogues;
}

void
dialogues_destroy(struct dialogues *dialogues)
{
	if (dialogues == NULL)
		return;
	free(dialogues->entries);
	free(dialogues->slots);
	free(dialogues);
}

uint32_t
dialogues_count(const struct dialogues *dialogues)
{
	return dialogues->count;
}

struct dialogue *
dialogues_get(struct dialogues *dialogues, uint32_t index)
{
	assert(index < dialogues->count);
	return &dialogues->entries[index].dialogue;
}

/* Where a key is, or where it would go. */
static uint32_t
slot_of(const struct dialogues *dialogues, const struct session_key *key)
{
	/* Order of indices does not depend on the hash: any key will do. */
	static const struct siphash_key fixed;
	uint32_t mask = dialogues->slot_count - 1;
	uint32_t slot = (uint32_t)siphash(&fixed, key, sizeof(*key)) & mask;

	while (dialogues->slots[slot] != DIALOGUE_NONE) {
		uint32_t index = dialogues->slots[slot];

		if (session_equal(&dialogues->entries[index].dialogue.key, key))
			break;
		slot = (slot + 1) & mask;
	}
	return slot;
}

static uint32_t
newest(const struct dialogues *dialogues, const struct session_key *key)
{
	return dialogues->slots[slot_of(dialogues, key)];
}

static void
rehash(struct dialogues *dialogues)
{
	slots_reset(dialogues, 2 * dialogues->slot_count);
	for (uint32_t i = 0; i < dialogues->count; i++) /* newest wins */
		dialogues->slots[slot_of(
			dialogues, &dialogues->entries[i].dialogue.key)] = i;
}

static uint32_t
add(struct dialogues *dialogues, const struct session_key *key)
{
	if (dialogues->count == dialogues->capacity) {
		dialogues->capacity *= 2;
		dialogues->entries =
			memory_grown(dialogues->entries, dialogues->capacity,
				     sizeof(*dialogues->entries));
		rehash(dialogues);
	}
	uint32_t slot = slot_of(dialogues, key);
	uint32_t index = dialogues->count++;
	dialogues->entries[index] = (struct entry){
		.dialogue = { .key = *key, .owner = DIALOGUE_UNOWNED },
		.older = dialogues->slots[slot],
	};
	dialogues->slots[slot] = index;
	return index;
}

/* Without any SYN: is the packet's destination the service? */
static bool
destination_serves(const struct session_key *key)
{
	return wire_get16(key->service_port) <= wire_get16(key->client_port);
}

static void
note_end(struct entry *entry, bool to_server, uint8_t flags)
{
	if (flags & TCP_RST)
		entry->fin_client = entry->fin_server = true;
	else if ((flags & TCP_FIN) && to_server)
		entry->fin_client = true;
	else if (flags & TCP_FIN)
		entry->fin_server = true;
}

/* Does a SYN begin a session of its own, though its key is known? */
static bool
syn_is_new(const struct entry *entry, bool to_server, uint32_t sequence)
{
	return !to_server || (entry->fin_client && entry->fin_server) ||
	       !entry->isn_known || entry->isn != sequence;
}

static enum drop
place_segment(struct dialogues *dialogues, const struct packet *packet,
	      int64_t at_ns, struct dialogue_part *part)
{
	struct session_key forward, backward;
	uint8_t kind = packet->tcp_flags & (TCP_SYN | TCP_ACK);
	bool syn = kind == TCP_SYN;

	enum drop drop = packet_session(packet, false, &forward);
	if (drop == DROP_NONE) /* the same ends, the roles exchanged */
		drop = packet_session(packet, true, &backward);
	if (drop != DROP_NONE)
		return drop;
	part->dialogue = newest(dialogues, &forward);
	part->to_server = part->dialogue != DIALOGUE_NONE;
	if (!part->to_server)
		part->dialogue = newest(dialogues, &backward);
	if (part->dialogue == DIALOGUE_NONE ||
	    (syn && syn_is_new(&dialogues->entries[part->dialogue],
			       part->to_server, packet->tcp_seq))) {
		part->to_server = syn || (kind != (TCP_SYN | TCP_ACK) &&
					  destination_serves(&forward));
		part->dialogue =
			add(dialogues, part->to_server ? &forward : &backward);
		dialogues->entries[part->dialogue].dialogue.first_ns = at_ns;
	}

	struct entry *entry = &dialogues->entries[part->dialogue];
	if (syn) {
		entry->isn = packet->tcp_seq;
		entry->isn_known = true;
		entry->dialogue.syn = true;
	} else if (kind == (TCP_SYN | TCP_ACK) && !part->to_server &&
		   !entry->isn_known) {
		entry->isn = packet->tcp_ack - 1;
		entry->isn_known = true;
	}
	note_end(entry, part->to_server, packet->tcp_flags);
	return DROP_NONE;
}

/* An ICMP error is for the service when it quotes what the service sent. */
static enum drop
place_error(const struct dialogues *dialogues, const uint8_t *bytes,
	    const struct packet *packet, struct dialogue_part *part)
{
	struct packet quote;
	struct session_key key;

	if (packet_parse_quote(bytes + packet->quote_offset,
			       packet->quote_bytes, &quote) != DROP_NONE ||
	    packet_session(&quote, true, &key) != DROP_NONE)
		return DROP_ICMP_QUOTE;
	part->dialogue = newest(dialogues, &key);
	part->to_server = true;
	if (part->dialogue != DIALOGUE_NONE)
		return address_equal(&quote.src, &packet->dst)
			       ? DROP_NONE
			       : DROP_ICMP_QUOTE;
	if (packet_session(&quote, false, &key) == DROP_NONE &&
	    newest(dialogues, &key) != DIALOGUE_NONE)
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
place_later(const struct dialogues *dialogues, const struct packet *packet,
	    struct dialogue_part *part)
{
	uint32_t count = dialogues->first_count;
	uint32_t kept = count < DIALOGUE_FRAGMENTS ? count : DIALOGUE_FRAGMENTS;

	if (packet->family == 4 && packet->protocol != IP_TCP &&
	    packet->protocol != IP_ICMP4)
		return DROP_PROTOCOL;
	for (uint32_t i = 1; i <= kept; i++) {
		const struct first *first =
			&dialogues->firsts[(count - i) % DIALOGUE_FRAGMENTS];

		if (first_is_of(first, packet)) {
			*part = first->part;
			return DROP_NONE;
		}
	}
	return DROP_FRAGMENT;
}

enum drop
dialogues_file(struct dialogues *dialogues, const uint8_t *bytes,
	       const struct packet *packet, int64_t at_ns,
	       struct dialogue_part *part)
{
	enum drop drop;

	if (packet->fragment_offset > 0)
		drop = place_later(dialogues, packet, part);
	else if (packet->icmp_error)
		drop = place_error(dialogues, bytes, packet, part);
	else
		drop = place_segment(dialogues, packet, at_ns, part);
	if (drop != DROP_NONE)
		return drop;

	struct dialogue *dialogue =
		&dialogues->entries[part->dialogue].dialogue;
	dialogue->packets++;
	dialogue->to_server += part->to_server;
	dialogue->last_ns = at_ns;
	if (packet->mf && packet->fragment_offset == 0)
		dialogues->firsts[dialogues->first_count++ %
				  DIALOGUE_FRAGMENTS] = (struct first){
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
dialogues_services(struct dialogues *dialogues, uint32_t *count)
{
	uint32_t all = dialogues->count;
	struct steer_service *services =
		memory_grown(NULL, all + 1, sizeof(*services));
	struct steer_service *clients =
		memory_grown(NULL, all + 1, sizeof(*clients));

	for (uint32_t i = 0; i < all; i++) {
		clients[i] = end_of(&dialogues->entries[i].dialogue.key, true);
		clients[i].port = 0;
	}
	uint32_t client_count = services_sort(clients, all);
	uint32_t listed = 0;
	for (uint32_t i = 0; i < all; i++) {
		struct dialogue *dialogue = &dialogues->entries[i].dialogue;
		struct steer_service service = end_of(&dialogue->key, false);
		struct steer_service address = service;
		bool client_too;

		address.port = 0;
		client_too = services_have(clients, client_count, &address);
		/* Port 0 would claim what is for the client. */
		dialogue->ambiguous = client_too && service.port == 0;
		if (!dialogue->ambiguous)
			services[listed++] = client_too ? service : address;
	}
	*count = services_sort(services, listed);
	for (uint32_t i = 0; i < all; i++) {
		struct dialogue *dialogue = &dialogues->entries[i].dialogue;
		struct steer_service client = end_of(&dialogue->key, true);

		dialogue->ambiguous |= services_have(services, *count, &client);
	}
	free(clients);
	return services;
}

/*
 * While they are replayed
 */

uint32_t
dialogues_socket(const struct dialogues *dialogues, uint32_t server,
		 const struct session_key *key)
{
	uint32_t index = newest(dialogues, key);

	for (; index != DIALOGUE_NONE;
	     index = dialogues->entries[index].older) {
		const struct dialogue *dialogue =
			&dialogues->entries[index].dialogue;

		if (dialogue->socket && dialogue->owner == server)
			break;
	}
	return index;
}

uint32_t
dialogues_begun(const struct dialogues *dialogues,
		const struct session_key *key)
{
	uint32_t index = newest(dialogues, key);

	while (index != DIALOGUE_NONE &&
	       !dialogues->entries[index].dialogue.begun)
		index = dialogues->entries[index].older;
	return index;
}
