/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger.c - pages in one array, doubled when it is three quarters full
 */
#include "sim/judge/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "core/wire/packet.h"

#define PAGES_FIRST   1024
#define PACKET_BYTES  256 /* of a packet that are looked at, and its size */
#define PAYLOAD_BYTES 32

struct ledger {
	struct ledger_page *pages; /* hash 0: free */
	uint64_t capacity, count; /* capacity: a power of two */
};

static struct ledger_page *
pages_create(uint64_t count)
{
	struct ledger_page *pages = calloc(count, sizeof(*pages));

	if (pages == NULL)
		abort();
	return pages;
}

struct ledger *
ledger_create(void)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	if (ledger == NULL)
		abort();
	ledger->capacity = PAGES_FIRST;
	ledger->pages = pages_create(ledger->capacity);
	return ledger;
}

void
ledger_destroy(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	free(ledger->pages);
	free(ledger);
}

/* Where it is, or would be. */
static struct ledger_page *
place(const struct ledger *ledger, uint64_t hash)
{
	uint64_t at = hash & (ledger->capacity - 1);

	while (ledger->pages[at].hash != 0 && ledger->pages[at].hash != hash)
		at = (at + 1) & (ledger->capacity - 1);
	return &ledger->pages[at];
}

static void
grow(struct ledger *ledger)
{
	struct ledger_page *old = ledger->pages;
	uint64_t capacity = ledger->capacity;

	ledger->capacity *= 2;
	ledger->pages = pages_create(ledger->capacity);
	for (uint64_t i = 0; i < capacity; i++)
		if (old[i].hash != 0)
			*place(ledger, old[i].hash) = old[i];
	free(old);
}

/* 0 means that a page is free. */
static uint64_t
nonzero(uint64_t hash)
{
	return hash != 0 ? hash : 1;
}

struct ledger_page *
ledger_open(struct ledger *ledger, uint64_t hash)
{
	hash = nonzero(hash);
	struct ledger_page *page = place(ledger, hash);

	if (page->hash != 0)
		return page;
	if (ledger->count >= ledger->capacity / 4 * 3) {
		grow(ledger);
		page = place(ledger, hash);
	}
	ledger->count++;
	page->hash = hash;
	return page;
}

const struct ledger_page *
ledger_find(const struct ledger *ledger, uint64_t hash)
{
	const struct ledger_page *page = place(ledger, nonzero(hash));

	return page->hash != 0 ? page : NULL;
}

/* The finaliser of splitmix64 over each word. */
static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) + UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
	return hash ^ hash >> 31;
}

uint64_t
ledger_hash(uint64_t seed, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t hash = mix(seed, size);

	for (; size > 0; at += 8) {
		size_t count = size < 8 ? size : 8;
		uint64_t word = 0;
		memcpy(&word, at, count);
		hash = mix(hash, word);
		size -= count;
	}
	return hash;
}

uint64_t
ledger_hash_packet(uint64_t seed, const uint8_t *bytes, uint32_t size)
{
	uint8_t head[PACKET_BYTES] = { 0 };
	uint32_t count = size < PACKET_BYTES ? size : PACKET_BYTES;

	memcpy(head, bytes, count);
	if (head[0] >> 4 == 4) {
		head[1] = 0; /* type of service */
		head[8] = 0; /* TTL */
		head[10] = head[11] = 0; /* checksum */
	} else {
		head[0] &= 0xf0; /* traffic class */
		head[1] &= 0x0f;
		head[7] = 0; /* hop limit */
	}
	return ledger_hash(mix(seed, size), head, count);
}

uint64_t
ledger_hash_segment(const uint8_t *bytes, const struct packet *packet)
{
	uint32_t size = packet->l4_bytes;
	uint32_t most = packet->tcp_header_bytes + PAYLOAD_BYTES;
	uint64_t hash = ledger_hash(size, packet->src.bytes, 16);

	hash = ledger_hash(hash, packet->dst.bytes, 16);
	return ledger_hash(hash, bytes + packet->l4_offset,
			   size < most ? size : most);
}
