/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seal_test.c - what opens, what does not, and how much memory it takes
 *
 * With an argument N it measures instead: N times close and open.
 */
#include "live/engine/seal.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/instant.h"
#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/cursor.h"
#include "core/wire/message.h"
#include "live/engine/boot.h"

#define ROOM MESSAGE_SEALED_MAX

static const struct endpoint alice = { { 4, { 10, 0, 0, 1 } }, 7000 };
static const struct endpoint bob = { { 4, { 10, 0, 0, 2 } }, 7000 };
static const struct endpoint carol = { { 6, { 0x20, 1, [15] = 3 } }, 7000 };

static struct secret
secret_of(uint8_t id, uint8_t fill)
{
	struct secret secret = { .key_count = 1 };

	secret.keys[0].id = id;
	memset(secret.keys[0].seal, fill, SECRET_SEAL_BYTES);
	return secret;
}

/* A server as it starts; never in the same 2^-32 s as another. */
static struct seal *
started(const struct secret *secret, const struct endpoint *self,
	uint32_t peers)
{
	struct timespec pause = { .tv_nsec = 1000 };
	struct seal *seal;

	nanosleep(&pause, NULL);
	seal = seal_create(secret, self, peers, boot_clock());
	if (seal == NULL)
		abort();
	return seal;
}

struct letter {
	uint8_t bytes[ROOM];
	size_t size;
};

static struct letter
letter_of(struct seal *seal, const struct endpoint *to, const char *text)
{
	struct letter letter;

	letter.size = seal_close(seal, to, (const uint8_t *)text, strlen(text),
				 letter.bytes, sizeof(letter.bytes));
	CHECK(letter.size == strlen(text) + MESSAGE_SEAL_BYTES);
	return letter;
}

static enum drop
opened(struct seal *seal, const struct endpoint *from,
       const struct letter *letter, const char *text)
{
	uint8_t out[ROOM];
	struct seal_opened got;
	enum drop drop = seal_open(seal, from, letter->bytes, letter->size, out,
				   sizeof(out), &got);

	if (drop == DROP_NONE && text != NULL)
		CHECK(got.size == strlen(text) && got.known == 0 &&
		      memcmp(out, text, got.size) == 0);
	return drop;
}

static void
sizes_test(void)
{
	struct secret secret = secret_of(1, 7);
	struct seal *a = started(&secret, &alice, 4);
	struct seal *b = started(&secret, &bob, 4);
	uint8_t message[MESSAGE_MAX + 1], sealed[ROOM + 1], out[ROOM];

	randombytes_buf(message, sizeof(message));
	for (size_t size = 0; size <= MESSAGE_MAX; size++) {
		struct seal_opened got;
		size_t sealed_size =
			seal_close(a, &bob, message, size, sealed, ROOM);

		CHECK(sealed_size == size + MESSAGE_SEAL_BYTES);
		CHECK(seal_open(b, &alice, sealed, sealed_size, out, size,
				&got) == DROP_NONE);
		CHECK(got.size == size && memcmp(out, message, size) == 0);
	}
	CHECK(seal_close(a, &bob, message, MESSAGE_MAX + 1, sealed,
			 sizeof(sealed)) == 0);
	CHECK(seal_close(a, &bob, message, 10, sealed,
			 10 + MESSAGE_SEAL_BYTES - 1) == 0);
	seal_destroy(a);
	seal_destroy(b);
	seal_destroy(NULL);
}

static void
refused_test(void)
{
	struct secret secret = secret_of(1, 7), other = secret_of(1, 8);
	struct secret renamed = secret_of(2, 7);
	struct seal *a = started(&secret, &alice, 4);
	struct seal *b = started(&secret, &bob, 4);
	struct seal *c = started(&secret, &carol, 4);
	struct seal *foreign = started(&other, &bob, 4);
	struct seal *unknown = started(&renamed, &bob, 4);
	struct letter letter = letter_of(a, &bob, "ping");
	struct endpoint elsewhere = alice;
	struct seal_opened got;
	uint8_t out[ROOM];
	size_t size;

	CHECK(opened(foreign, &alice, &letter, NULL) == DROP_TAG);
	CHECK(opened(unknown, &alice, &letter, NULL) == DROP_KEY_ID);
	CHECK(opened(c, &alice, &letter, NULL) == DROP_TAG);
	CHECK(opened(b, &carol, &letter, NULL) == DROP_TAG);
	elsewhere.port++;
	CHECK(opened(b, &elsewhere, &letter, NULL) == DROP_TAG);
	/* Sent back to where it came from. */
	CHECK(opened(a, &bob, &letter, NULL) == DROP_TAG);

	for (size_t cut = 0; cut < letter.size; cut++) {
		enum drop drop = seal_open(b, &alice, letter.bytes, cut, out,
					   sizeof(out), &got);
		CHECK(drop ==
		      (cut < MESSAGE_SEAL_BYTES ? DROP_SHORT : DROP_TAG));
	}
	CHECK(seal_open(b, &alice, letter.bytes, letter.size, out, 3, &got) ==
	      DROP_MALFORMED);
	for (size_t bit = 0; bit < 8 * letter.size; bit++) {
		struct letter forged = letter;

		forged.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(opened(b, &alice, &forged, NULL) ==
		      (bit < 8	  ? DROP_KEY_ID
		       : bit == 8 ? DROP_TAG /* a refusal, were it true */
		       : bit < 64 ? DROP_MALFORMED
				  : DROP_TAG));
	}
	/* None of that has moved a window. */
	CHECK(opened(b, &alice, &letter, "ping") == DROP_NONE);
	CHECK(opened(b, &alice, &letter, NULL) == DROP_REPLAY);

	CHECK(seal_read(&secret, &alice, &bob, letter.bytes, letter.size, out,
			sizeof(out), &size) == DROP_NONE);
	CHECK(size == 4 && memcmp(out, "ping", 4) == 0);
	CHECK(seal_read(&secret, &alice, &carol, letter.bytes, letter.size, out,
			sizeof(out), &size) == DROP_TAG);
	seal_destroy(a);
	seal_destroy(b);
	seal_destroy(c);
	seal_destroy(foreign);
	seal_destroy(unknown);
}

/* Random orders and copies against a plain set of what was heard. */
static void
window_test(void)
{
	enum {
		LETTERS = 600,
		STEPS = 4000
	};
	static struct letter letters[LETTERS];
	static bool heard[LETTERS];
	struct secret secret = secret_of(1, 7);
	struct seal *a = started(&secret, &alice, 4);
	struct seal *b = started(&secret, &bob, 4);
	struct rng rng;
	uint32_t highest = 0;

	rng_init(&rng, 1, 2);
	for (uint32_t i = 0; i < LETTERS; i++) {
		letters[i] = letter_of(a, &bob, "x");
		/* Datagrams to others meanwhile leave no gap for bob. */
		letter_of(a, &carol, "y");
	}
	for (uint32_t step = 0; step < STEPS; step++) {
		uint32_t top = LETTERS * step / STEPS;
		uint32_t reach = top < 100 ? top + 1 : 100;
		uint32_t i = top - (uint32_t)(rng_next(&rng) % reach);
		bool fresh = !heard[i] && (i > highest || highest - i < 64);

		CHECK(opened(b, &alice, &letters[i], "x") ==
		      (fresh ? DROP_NONE : DROP_REPLAY));
		heard[i] |= fresh;
		if (i > highest)
			highest = i;
	}
	seal_destroy(a);
	seal_destroy(b);
}

static void
restart_test(void)
{
	struct secret secret = secret_of(1, 7);
	struct seal *first = started(&secret, &alice, 4);
	struct seal *second = started(&secret, &alice, 4);
	struct seal *third = started(&secret, &alice, 4);
	struct seal *b = started(&secret, &bob, 4);
	struct letter heard = letter_of(first, &bob, "1");
	struct letter late = letter_of(first, &bob, "2");
	struct letter later = letter_of(first, &bob, "3");
	struct letter next = letter_of(second, &bob, "4");
	struct letter last = letter_of(third, &bob, "5");
	struct letter between = letter_of(second, &bob, "6");

	CHECK(opened(b, &alice, &heard, "1") == DROP_NONE);
	/* A restarted sender is heard at once, */
	CHECK(opened(b, &alice, &next, "4") == DROP_NONE);
	/* what was on the way arrives, once; */
	CHECK(opened(b, &alice, &late, "2") == DROP_NONE);
	CHECK(opened(b, &alice, &late, NULL) == DROP_REPLAY);
	CHECK(opened(b, &alice, &heard, NULL) == DROP_REPLAY);
	/* two starts later even that is refused. */
	CHECK(opened(b, &alice, &last, "5") == DROP_NONE);
	CHECK(opened(b, &alice, &later, NULL) == DROP_REPLAY);
	CHECK(opened(b, &alice, &between, "6") == DROP_NONE);
	seal_destroy(b);

	/* A receiver that restarted: nothing older than what it heard. */
	b = started(&secret, &bob, 4);
	CHECK(opened(b, &alice, &next, "4") == DROP_NONE);
	CHECK(opened(b, &alice, &later, NULL) == DROP_REPLAY);
	seal_destroy(first);
	seal_destroy(second);
	seal_destroy(third);
	seal_destroy(b);
}

/* --- boot ids that were set back ------------------------------------------ */

static struct seal *
started_at(const struct endpoint *self, uint64_t boot)
{
	struct secret secret = secret_of(1, 7);
	struct seal *seal = seal_create(&secret, self, 4, boot);

	if (seal == NULL)
		abort();
	return seal;
}

/* What b answers to a letter that it finds to be a replay; size 0: nothing. */
static struct letter
refusal_of(struct seal *b, int64_t at_ms, const struct endpoint *from,
	   const struct letter *letter)
{
	struct instant now = { at_ms * NS_PER_MS };
	struct letter refusal;

	CHECK(opened(b, from, letter, NULL) == DROP_REPLAY);
	refusal.size = seal_refuse(b, now, from, letter->bytes, letter->size,
				   refusal.bytes, sizeof(refusal.bytes));
	CHECK(refusal.size <= letter->size);
	return refusal;
}

/* The boot id that the refusal names; 0: it is refused itself. */
static uint64_t
known_by(struct seal *a, const struct endpoint *from,
	 const struct letter *refusal)
{
	struct seal_opened got;
	uint8_t out[ROOM];
	enum drop drop = seal_open(a, from, refusal->bytes, refusal->size, out,
				   sizeof(out), &got);

	CHECK(drop == DROP_NONE || drop == DROP_REPLAY || drop == DROP_TAG);
	CHECK(drop != DROP_NONE || got.known > seal_boot(a));
	return drop == DROP_NONE ? got.known : 0;
}

static void
set_back_test(void)
{
	struct seal *b = started_at(&bob, 7);
	struct seal *before = started_at(&alice, 100);
	struct seal *a = started_at(&alice, 50);
	struct letter letter = letter_of(before, &bob, "12345678");
	struct letter late = letter_of(before, &bob, "late....");
	struct seal_opened got;
	uint8_t out[ROOM];

	CHECK(opened(b, &alice, &letter, "12345678") == DROP_NONE);
	letter = letter_of(a, &bob, "87654321");
	struct letter refusal = refusal_of(b, 1, &alice, &letter);
	CHECK(refusal.size == letter.size); /* of the smallest message */
	CHECK(known_by(a, &bob, &refusal) == 100);
	/* It does so itself only when its owner says so. */
	CHECK(seal_boot(a) == 50);
	seal_reboot(a, 101);
	letter = letter_of(a, &bob, "hear me.");
	CHECK(seal_open(b, &alice, letter.bytes, letter.size, out, sizeof(out),
			&got) == DROP_NONE);
	CHECK(got.booted && got.known == 0 && got.size == 8);
	letter = letter_of(a, &bob, "and now.");
	CHECK(seal_open(b, &alice, letter.bytes, letter.size, out, sizeof(out),
			&got) == DROP_NONE);
	CHECK(!got.booted);
	CHECK(opened(b, &alice, &late, "late....") == DROP_NONE);
	/* Once more, it says nothing new. */
	CHECK(known_by(a, &bob, &refusal) == 0);
	seal_destroy(before);
	seal_destroy(a);
	seal_destroy(b);
}

/* Recorded, forged in another's name, moved: nobody takes another boot id. */
static void
refusals_are_believed_of_the_present_only(void)
{
	struct seal *b = started_at(&bob, 7), *c = started_at(&carol, 7);
	struct seal *newest = started_at(&alice, 100);
	struct seal *a = started_at(&alice, 50), *again;
	struct letter one = letter_of(newest, &bob, "12345678");
	struct letter two = letter_of(newest, &carol, "12345678");

	CHECK(opened(b, &alice, &one, NULL) == DROP_NONE);
	CHECK(opened(c, &alice, &two, NULL) == DROP_NONE);
	letter_of(a, &bob, "12345678");
	one = letter_of(a, &bob, "12345678");
	struct letter refusal = refusal_of(b, 1, &alice, &one);
	CHECK(known_by(a, &carol, &refusal) == 0); /* not carol's */
	CHECK(known_by(b, &alice, &refusal) == 0); /* not sent back */
	CHECK(known_by(newest, &bob, &refusal) == 0); /* that life was heard */
	again = started_at(&alice, 51);
	letter_of(again, &bob, "12345678");
	letter_of(again, &bob, "12345678");
	CHECK(known_by(again, &bob, &refusal) == 0); /* of another life */
	seal_destroy(again);
	again = started_at(&alice, 50);
	letter_of(again, &bob, "12345678");
	CHECK(known_by(again, &bob, &refusal) == 0); /* it sent one, not two */
	letter_of(again, &bob, "12345678");
	CHECK(known_by(again, &bob, &refusal) == 100);
	/* A refusal is never refused. */
	uint8_t out[ROOM];
	CHECK(seal_refuse(b, (struct instant){ 90 * NS_PER_S }, &alice,
			  refusal.bytes, refusal.size, out, ROOM) == 0);
	seal_destroy(again);
	seal_destroy(newest);
	seal_destroy(a);
	seal_destroy(b);
	seal_destroy(c);
}

/* Who plays recordings gets few answers, and none about what is plain. */
static void
refusals_are_few(void)
{
	static const struct {
		const char *sentence;
		int64_t at_ms;
		uint32_t peer; /* whose letter */
		uint64_t boot; /* of which life; the newest is 100 */
		bool refused;
	} rows[] = {
		{ "the present life's, played again", 0, 0, 100, false },
		{ "that of the life before", 0, 0, 90, false },
		{ "of a life long ago", 0, 0, 80, true },
		{ "once a second for each peer", 999, 0, 80, false },
		{ "once a second for each peer", 1000, 0, 80, true },
		{ "another peer's", 1010, 1, 80, true },
		{ "a hundred a second in all", 1019, 2, 80, false },
		{ "a hundred a second in all", 1020, 2, 80, true },
	};
	static const uint64_t lives[] = { 80, 90, 100 };
	struct seal *b = started_at(&bob, 7);
	struct endpoint peers[3] = { alice, alice, alice };
	struct letter letters[3][3];

	for (uint32_t peer = 0; peer < 3; peer++) {
		peers[peer].port = (uint16_t)(7000 + peer);
		for (uint32_t life = 0; life < 3; life++) {
			struct seal *a = started_at(&peers[peer], lives[life]);
			letters[peer][life] = letter_of(a, &bob, "12345678");
			CHECK(opened(b, &peers[peer], &letters[peer][life],
				     NULL) == DROP_NONE);
			seal_destroy(a);
		}
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct letter *letter =
			&letters[rows[i].peer][(rows[i].boot - 80) / 10];
		struct letter refusal = refusal_of(
			b, rows[i].at_ms, &peers[rows[i].peer], letter);

		CHECK_ROW((refusal.size > 0) == rows[i].refused,
			  rows[i].sentence);
	}
	/* No answer is larger than its question. */
	struct seal *a = started_at(&alice, 60);
	struct letter brief = letter_of(a, &bob, "1234567");
	CHECK(refusal_of(b, 9000, &alice, &brief).size == 0);
	seal_destroy(a);
	seal_destroy(b);
}

static void
rotation_test(void)
{
	struct secret old = secret_of(1, 7), both = old, swapped = old;
	struct secret new = secret_of(2, 8);
	struct seal *a = started(&old, &alice, 4);
	struct seal *b = started(&old, &bob, 4);
	struct letter kept = letter_of(a, &bob, "kept");

	both.keys[1] = new.keys[0];
	both.key_count = 2;
	swapped.keys[0] = new.keys[0];
	swapped.keys[1] = old.keys[0];
	swapped.key_count = 2;

	/* Each step on one server first: both directions always open. */
	const struct secret *steps[] = { &both, &swapped, &new };
	for (size_t i = 0; i < 3; i++) {
		struct seal *order[] = { a, b };

		for (size_t j = 0; j < 2; j++) {
			struct letter letter;

			seal_rekey(order[j], steps[i]);
			letter = letter_of(a, &bob, "there");
			CHECK(opened(b, &alice, &letter, "there") == DROP_NONE);
			CHECK(opened(b, &alice, &letter, NULL) == DROP_REPLAY);
			letter = letter_of(b, &alice, "back");
			CHECK(opened(a, &bob, &letter, "back") == DROP_NONE);
		}
	}
	CHECK(opened(b, &alice, &kept, NULL) == DROP_KEY_ID);
	seal_destroy(a);
	seal_destroy(b);
}

/* 10,000 sources that all have the key: the table stays as it is, who is
 * used stays in it, and no sequence is used twice. */
static void
crowd_test(void)
{
	enum {
		SOURCES = 10000,
		PEERS = 64
	};
	struct secret secret = secret_of(1, 7);
	struct seal *a = started(&secret, &alice, 8);
	struct seal *b = started(&secret, &bob, PEERS);
	struct letter letter = letter_of(a, &bob, "x");
	uint64_t sequence = 0;

	CHECK(opened(b, &alice, &letter, "x") == DROP_NONE);
	for (uint32_t i = 0; i < SOURCES; i++) {
		struct endpoint source = { { 4, { 10, 1 } }, 7000 };
		struct letter one;

		source.address.bytes[2] = (uint8_t)(i >> 8);
		source.address.bytes[3] = (uint8_t)i;
		struct seal *s = seal_create(&secret, &source, 1, boot_clock());
		one = letter_of(s, &bob, "y");
		CHECK(opened(b, &source, &one, "y") == DROP_NONE);
		CHECK(opened(b, &source, &one, NULL) == DROP_REPLAY);
		seal_destroy(s);
		if (i % (PEERS / 2) != 0)
			continue;
		CHECK(opened(b, &alice, &letter, NULL) == DROP_REPLAY);
		letter = letter_of(a, &bob, "x");
		CHECK(opened(b, &alice, &letter, "x") == DROP_NONE);
	}
	/* Forgers get no window at all. */
	for (uint32_t i = 0; i < 10 * PEERS; i++) {
		struct endpoint source = { { 4, { 10, 2 } }, 7000 };

		source.port = (uint16_t)(i + 1);
		CHECK(opened(b, &source, &letter, NULL) == DROP_TAG);
	}
	CHECK(opened(b, &alice, &letter, NULL) == DROP_REPLAY);

	for (uint32_t i = 0; i < 1000; i++) {
		struct endpoint to = bob;

		to.port = (uint16_t)(1 + i * 7 % 100);
		letter = letter_of(a, &to, "z");
		if (to.port != 1)
			continue;
		CHECK(wire_get64(letter.bytes + 16) > sequence);
		sequence = wire_get64(letter.bytes + 16);
	}
	seal_destroy(a);
	seal_destroy(b);
}

static int64_t
clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void
measure(size_t message_size, uint32_t rounds)
{
	struct secret secret = secret_of(1, 7);
	struct seal *a = started(&secret, &alice, 64);
	struct seal *b = started(&secret, &bob, 64);
	uint8_t message[MESSAGE_MAX] = { 0 }, sealed[ROOM], out[ROOM];
	int64_t close_ns = 0, open_ns = 0;

	for (uint32_t i = 0; i < rounds; i++) {
		struct seal_opened got;
		size_t size;
		int64_t t0 = clock_ns();

		size = seal_close(a, &bob, message, message_size, sealed, ROOM);
		int64_t t1 = clock_ns();
		CHECK(seal_open(b, &alice, sealed, size, out, sizeof(out),
				&got) == DROP_NONE);
		close_ns += t1 - t0;
		open_ns += clock_ns() - t1;
	}
	printf("%zu bytes: close %" PRId64 " ns, open %" PRId64 " ns\n",
	       message_size, close_ns / rounds, open_ns / rounds);
	seal_destroy(a);
	seal_destroy(b);
}

int
main(int argc, char **argv)
{
	if (sodium_init() == -1)
		return 1;
	if (argc > 1) {
		uint32_t rounds = (uint32_t)strtoul(argv[1], NULL, 10);

		measure(200, rounds);
		measure(MESSAGE_MAX, rounds);
		return check_done();
	}
	sizes_test();
	refused_test();
	window_test();
	restart_test();
	set_back_test();
	refusals_are_believed_of_the_present_only();
	refusals_are_few();
	rotation_test();
	crowd_test();
	return check_done();
}
