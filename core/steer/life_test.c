/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * life_test.c - what is heard, and what not: assumed, silent or dead?
 *
 * Each row is a story of owner O, half a second a letter, in which O is asked
 * when it is due:
 *
 *	w	somebody wants it	.	nothing is heard
 *	u	a router says: unreachable	n	our host has no route
 *	r	our host has a route	o	another node is heard
 *	O	a sign of life of O's	U N	u, n; and another node is heard
 *
 * and then the state of O is as said.
 */
#include "core/steer/life.h"

#include "core/rng.h"
#include "core/steer/settings.h"
#include "core/test/check.h"

static uint64_t memory[8192];
static struct steer_settings settings;

static struct address
address_of(uint8_t host)
{
	return address_ip4((const uint8_t[]){ 10, 0, 0, host });
}

struct story {
	struct lives *lives;
	struct instant now;
	uint32_t asked, echoes, others, deaths;
	struct instant
		last[3]; /* the latest questions, the first of them first */
};

static void
begin(struct story *story, uint32_t owners)
{
	static const struct siphash_key hash = { { 1 } };

	steer_settings_default(&settings);
	CHECK(lives_size(owners) <= sizeof(memory));
	*story = (struct story){
		.lives = lives_init(memory, owners, &settings, &hash),
		.now = { 7 * NS_PER_S },
	};
}

/* Do what is due now. */
static void
work(struct story *story)
{
	for (;;) {
		struct life_task task = lives_task(story->lives, story->now);
		if (task.kind == LIFE_ASK) {
			story->asked++;
			story->last[0] = story->last[1];
			story->last[1] = story->last[2];
			story->last[2] = story->now;
		}
		story->echoes += task.kind == LIFE_ASK && task.echo;
		story->others += task.kind == LIFE_ASK_OTHER;
		story->deaths += task.kind == LIFE_DIED;
		if (task.kind == LIFE_NOTHING)
			break;
	}
	CHECK(instant_before(story->now, lives_due(story->lives)));
}

/* Time passes, and each deadline is kept. */
static void
pass(struct story *story, int64_t ns)
{
	struct instant end = instant_after(story->now, ns);

	while (!instant_before(end, lives_due(story->lives))) {
		if (instant_before(story->now, lives_due(story->lives)))
			story->now = lives_due(story->lives);
		work(story);
	}
	story->now = end;
}

static void
hear(struct story *story, char letter)
{
	struct address owner = address_of(1), other = address_of(2);

	switch (letter) {
	case 'w':
		life_want(story->lives, story->now, &owner);
		break;
	case 'u':
	case 'U':
		life_refused(story->lives, story->now, &owner);
		break;
	case 'n':
	case 'N':
		life_routed(story->lives, story->now, &owner, false);
		break;
	case 'r':
		life_routed(story->lives, story->now, &owner, true);
		break;
	case 'O':
		life_heard(story->lives, story->now, &owner);
		break;
	default:
		break;
	}
	if (letter == 'o' || letter == 'U' || letter == 'N')
		life_heard(story->lives, story->now, &other);
}

#define TEN   "oooooooooo"
#define FIFTY TEN TEN TEN TEN TEN
/* 14 s; a wish ends after 60. */
#define QUIET "............................"

static const struct {
	const char *title, *letters;
	enum life_state state;
	uint32_t deaths;
} rows[] = {
	{ "nobody wants it", "..o..", LIFE_ASSUMED, 0 },
	{ "it is asked", "w", LIFE_ASSUMED, 0 },
	{ "and does not answer", "w.", LIFE_SILENT, 0 },
	{ "it answers", "wO.", LIFE_ASSUMED, 0 },
	{ "it answers late", "w....O", LIFE_ASSUMED, 0 },
	{ "one word of a router is a beginning", "u", LIFE_SILENT, 0 },
	{ "said for less than gone_after", "uuuuuu", LIFE_SILENT, 0 },
	{ "said for gone_after", "uuuuuuu", LIFE_DEAD, 1 },
	{ "no route for gone_after", "nnnnnnn", LIFE_DEAD, 1 },
	{ "the route comes back", "nnnnr.n", LIFE_SILENT, 0 },
	{ "a route of ours is no answer to a router", "uuuruuu", LIFE_DEAD, 1 },
	{ "said once, and then nothing", "u.........", LIFE_SILENT, 0 },
	{ "said once, and others are heard", "Uooooo", LIFE_SILENT, 0 },
	{ "and each question since was in vain", "Uooooooo", LIFE_DEAD, 1 },
	{ "and we were cut off meanwhile", "Uo.......oooo", LIFE_SILENT, 0 },
	{ "that it goes on saying nothing", "Uooooooooooooooo", LIFE_DEAD, 1 },
	{ "an answer in the last moment of it", "UooooO", LIFE_ASSUMED, 0 },
	{ "said at last, after silence", "wooooooU", LIFE_SILENT, 0 },
	{ "and silence after it", "wooooooUoooooooo", LIFE_DEAD, 1 },
	{ "said again, much later", "u...........u", LIFE_SILENT, 0 },
	{ "once in three seconds is enough", "u.....u", LIFE_DEAD, 1 },
	{ "a sign of life meanwhile", "uuuuuOuuuuu", LIFE_SILENT, 0 },
	{ "a sign of life afterwards", "uuuuuuuO", LIFE_ASSUMED, 1 },
	{ "a sign of life when nobody is asked any more",
	  "u" QUIET QUIET QUIET QUIET "......n....O.n.n", LIFE_SILENT, 0 },
	{ "it dies again", "uuuuuuuO.uuuuuuu", LIFE_DEAD, 2 },
	{ "dead once, however often it is said", "UUUUUUUUUUUUUUUU", LIFE_DEAD,
	  1 },
	{ "what was true is not true for ever", "uuuuuuu......", LIFE_SILENT,
	  1 },
	{ "silence, others are heard", "w" FIFTY TEN, LIFE_SILENT, 0 },
	{ "silence for long enough", "w" FIFTY TEN "oo", LIFE_DEAD, 1 },
	{ "silence of all", "w" FIFTY "..........", LIFE_SILENT, 0 },
	{ "we were cut off: silence does not count",
	  "w........................................................" FIFTY,
	  LIFE_SILENT, 0 },
	{ "an answer in the last moment", "w" FIFTY "ooooooooO", LIFE_ASSUMED,
	  0 },
	{ "and silence again: from the beginning", "w" FIFTY "ooooooooOw" TEN,
	  LIFE_SILENT, 0 },
};

static void
play(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct story story;
		struct address owner = address_of(1);

		begin(&story, 4);
		for (const char *at = rows[i].letters; *at != 0; at++) {
			if (at != rows[i].letters)
				pass(&story, LIFE_ASK_NS);
			hear(&story, *at);
			work(&story);
		}
		CHECK_ROW(life_of(story.lives, story.now, &owner) ==
				  rows[i].state,
			  rows[i].title);
		CHECK_ROW(story.deaths == rows[i].deaths, rows[i].title);
	}
}

/* The first question is for the daemon; then for the kernel, too, and somebody
 * else is asked. It ends with the wish. */
static void
questions(void)
{
	struct story story;
	struct address owner = address_of(1), other = address_of(2);

	begin(&story, 4);
	life_want(story.lives, story.now, &owner);
	work(&story);
	CHECK(story.asked == 1 && story.echoes == 0 && story.others == 0);
	life_want(story.lives, story.now, &owner);
	work(&story);
	CHECK(story.asked == 1);
	pass(&story, LIFE_ASK_NS);
	CHECK(story.asked == 2 && story.echoes == 1 && story.others == 1);
	life_heard(story.lives, story.now, &other);
	pass(&story, LIFE_ASK_NS);
	CHECK(story.asked == 3 && story.echoes == 2 && story.others == 2);
	/* Heard: not asked, until it is wanted. */
	life_heard(story.lives, story.now, &owner);
	CHECK(lives_due(story.lives).ns == INSTANT_NEVER.ns ||
	      !instant_before(lives_due(story.lives), story.now));
	pass(&story, 10 * NS_PER_S);
	CHECK(story.asked == 3);
	life_want(story.lives, story.now, &owner);
	pass(&story, 2 * settings.owner_idle_ns);
	CHECK(story.asked >= 3 + settings.owner_idle_ns / LIFE_ASK_SLOW_NS);
	CHECK(lives_due(story.lives).ns == INSTANT_NEVER.ns);
	/* A router that answers our questions does not prolong them. */
	life_want(story.lives, story.now, &owner);
	uint32_t asked = story.asked;
	for (int i = 0; i < 400; i++) {
		uint32_t before = story.asked;
		pass(&story, LIFE_ASK_NS);
		if (story.asked > before)
			life_refused(story.lives, story.now, &owner);
	}
	CHECK(story.asked <= asked + settings.owner_idle_ns / LIFE_ASK_NS + 1);
}

/* Who is silent is asked seldom then, or a router would say nothing of it any
 * more. When one has, and others are heard, it is asked often again: each
 * silence tells. A sign of life ends all that. */
static void
seldom(void)
{
	const int64_t quick_ns = (LIFE_QUICK - 1) * LIFE_ASK_NS;
	struct story story;
	struct address owner = address_of(1), other = address_of(2);

	begin(&story, 4);
	life_want(story.lives, story.now, &owner);
	pass(&story, quick_ns);
	CHECK(story.asked == LIFE_QUICK);
	pass(&story, 4 * LIFE_ASK_SLOW_NS);
	CHECK(story.asked == LIFE_QUICK + 4);
	/* Nobody else is heard: only words count. */
	life_refused(story.lives, story.now, &owner);
	pass(&story, 4 * LIFE_ASK_SLOW_NS);
	CHECK(story.asked == LIFE_QUICK + 8);
	life_heard(story.lives, story.now, &other);
	pass(&story, LIFE_ASK_SLOW_NS);
	life_refused(story.lives, story.now, &owner);
	uint32_t asked = story.asked, deaths = story.deaths;
	for (int i = 0; i < 12; i++) {
		life_heard(story.lives, story.now, &other);
		pass(&story, LIFE_ASK_NS);
	}
	CHECK(story.asked >= asked + 7 && story.deaths == deaths + 1);
	life_heard(story.lives, story.now, &owner);
	life_want(story.lives, story.now, &owner);
	asked = story.asked;
	pass(&story, quick_ns);
	CHECK(story.asked == asked + LIFE_QUICK);
}

/* That it died is true until it is heard, or our own route is back. */
static void
died(void)
{
	struct story story;
	struct address owner = address_of(1);

	for (int routed = 0; routed < 2; routed++) {
		begin(&story, 4);
		CHECK(!life_has_died(story.lives, &owner));
		for (int i = 0; i < 6; i++) {
			CHECK(!life_has_died(story.lives, &owner));
			hear(&story, routed ? 'n' : 'u');
			pass(&story, LIFE_ASK_NS);
		}
		CHECK(life_of(story.lives, story.now, &owner) == LIFE_DEAD);
		CHECK(life_has_died(story.lives, &owner));
		pass(&story, 10 * NS_PER_S);
		CHECK(life_of(story.lives, story.now, &owner) == LIFE_SILENT);
		CHECK(life_has_died(story.lives, &owner));
		hear(&story, 'r');
		CHECK(life_has_died(story.lives, &owner) == !routed);
		hear(&story, 'O');
		CHECK(!life_has_died(story.lives, &owner));
	}
}

/* Others speak only when they are asked: it takes no longer. */
static void
quiet_others(void)
{
	struct story story;
	struct address owner = address_of(1), other = address_of(2);
	struct instant start;

	begin(&story, 4);
	start = story.now;
	life_want(story.lives, story.now, &owner);
	while (story.deaths == 0 &&
	       instant_distance_ns(start, story.now) < 100 * NS_PER_S) {
		uint32_t others = story.others;
		pass(&story, NS_PER_MS);
		if (story.others > others)
			life_heard(story.lives, story.now, &other);
	}
	CHECK(instant_distance_ns(start, story.now) <=
	      settings.silent_after_ns + NS_PER_S);
}

/* gone_after is exact, not rounded to questions; and one word at its beginning
 * is no evidence at its end. */
static void
exact(bool again)
{
	struct story story;
	struct address owner = address_of(1);

	begin(&story, 4);
	settings.gone_after_ns = 1234567890;
	life_want(story.lives, story.now, &owner);
	work(&story);
	story.now.ns += NS_PER_MS;
	life_refused(story.lives, story.now, &owner);
	struct instant end = instant_after(story.now, settings.gone_after_ns);
	pass(&story, settings.gone_after_ns / 2 + NS_PER_MS);
	if (again)
		life_refused(story.lives, story.now, &owner);
	pass(&story, instant_distance_ns(story.now, end) - 1);
	CHECK(story.deaths == 0);
	pass(&story, 1);
	CHECK(story.deaths == again);
}

/* Full: the owner longest unwanted is assumed to live, and not asked. */
static void
full(void)
{
	struct story story;

	begin(&story, 3);
	for (uint8_t i = 1; i <= 4; i++) {
		struct address owner = address_of(i);
		life_want(story.lives, story.now, &owner);
		work(&story);
	}
	pass(&story, LIFE_ASK_NS);
	for (uint8_t i = 1; i <= 4; i++) {
		struct address owner = address_of(i);
		CHECK(life_of(story.lives, story.now, &owner) ==
		      (i == 1 ? LIFE_ASSUMED : LIFE_SILENT));
	}
	CHECK(story.asked == 4 + 3);
}

/* Whatever is heard, in any order: deadlines are kept, nobody is dead whom we
 * heard a moment ago, and nobody dies of silence alone. */
static void
walk(void)
{
	static const char letters[] = "wwwunroO..";
	struct rng rng;

	rng_init(&rng, 11, 0);
	for (int round = 0; round < 200; round++) {
		struct story story;
		struct address owner = address_of(1);
		bool others = round % 2 == 0, words = round % 4 < 2;

		begin(&story, 2);
		for (int i = 0; i < 500; i++) {
			char letter =
				letters[rng_below(&rng, sizeof(letters) - 1)];
			if ((letter == 'o' && !others) ||
			    ((letter == 'u' || letter == 'n') && !words))
				continue;
			hear(&story, letter);
			if (letter == 'O')
				CHECK(life_of(story.lives, story.now, &owner) ==
				      LIFE_ASSUMED);
			work(&story);
			pass(&story,
			     (int64_t)rng_below(&rng, 1000) * NS_PER_MS);
		}
		CHECK(others || words || story.deaths == 0);
	}
}

/* However long silent_after is, it is no more than a question longer, and there
 * were two in its last second (the one of its end is no more for it). */
static void
silent_in_time(void)
{
	for (int64_t after_ns = NS_PER_S; after_ns <= 12 * NS_PER_S;
	     after_ns += NS_PER_S / 4) {
		struct address owner = address_of(1), other = address_of(2);
		struct story story;

		begin(&story, 4);
		settings.silent_after_ns = after_ns;
		struct instant end = instant_after(
			story.now, after_ns + LIFE_ASK_NS + NS_PER_S / 10);
		life_want(story.lives, story.now, &owner);
		while (instant_before(story.now, end)) {
			life_heard(story.lives, story.now, &other);
			pass(&story, NS_PER_S / 20);
		}
		CHECK(story.deaths == 1);
		CHECK(instant_distance_ns(story.last[0], story.last[2]) <=
		      NS_PER_S + NS_PER_S / 10);
	}
}

/* To a session that strays later it is dead when it has been asked since, which
 * is before the client's next try, and DIED is told once more; by words or by
 * silence, whenever it strays, and not if the owner is heard. */
static void
strayed_later(bool words, int64_t later_ns, bool strays, bool heard)
{
	struct address owner = address_of(1), other = address_of(2);
	struct story story;
	struct instant strayed, end;

	begin(&story, 4);
	settings.silent_after_ns = 6 * NS_PER_S;
	life_want(story.lives, story.now, &owner);
	for (int i = 0; i < 400 && story.deaths == 0; i++) {
		life_heard(story.lives, story.now, &other);
		if (words && i % 20 == 0)
			life_refused(story.lives, story.now, &owner);
		pass(&story, NS_PER_S / 20);
	}
	CHECK(story.deaths == 1);
	life_heard(story.lives, story.now, &other);
	pass(&story, later_ns);
	strayed = story.now;
	CHECK(!life_is_dead_to(story.lives, strayed, &owner, strayed));
	if (strays)
		life_strayed(story.lives, strayed, &owner);
	work(&story);
	if (heard)
		life_heard(story.lives, story.now, &owner);
	end = instant_after(strayed, 2 * LIFE_ASK_NS);
	while (instant_before(story.now, end)) {
		life_heard(story.lives, story.now, &other);
		pass(&story, NS_PER_S / 20);
	}
	CHECK(story.deaths == 1u + (strays && !heard));
	if (strays)
		CHECK(life_is_dead_to(story.lives, story.now, &owner,
				      strayed) == !heard);
	/* Once is enough, but a word that becomes old is another matter. */
	if (words)
		return;
	uint32_t deaths = story.deaths;
	for (int i = 0; i < 100; i++) {
		life_heard(story.lives, story.now, &other);
		pass(&story, NS_PER_S / 20);
	}
	CHECK(story.deaths == deaths);
}

/* Nor is one that strays while it is dying, after its last question, forgotten;
 * who is not dead is asked no oftener for those that stray. */
static void
strayed_before(bool strays, uint32_t *asked)
{
	struct address owner = address_of(1), other = address_of(2);
	struct instant strayed = { 0 };
	struct story story;

	begin(&story, 4);
	settings.silent_after_ns = 12 * NS_PER_S;
	life_want(story.lives, story.now, &owner);
	for (int i = 0; i < 400 && story.deaths == 0; i++) {
		life_heard(story.lives, story.now, &other);
		strayed = story.now;
		if (strays)
			life_strayed(story.lives, strayed, &owner);
		work(&story);
		pass(&story, NS_PER_S / 20);
	}
	CHECK(story.deaths == 1);
	CHECK(!life_is_dead_to(story.lives, story.now, &owner, strayed));
	*asked = story.asked;
	for (int i = 0; i < 20; i++) {
		life_heard(story.lives, story.now, &other);
		pass(&story, NS_PER_S / 20);
	}
	CHECK(story.deaths == 1u + strays);
	CHECK(!strays ||
	      life_is_dead_to(story.lives, story.now, &owner, strayed));
}

static void
all_strayed_later(void)
{
	for (int64_t later_ns = NS_PER_S / 100; later_ns < 2 * NS_PER_S;
	     later_ns += NS_PER_S / 7)
		for (int row = 0; row < 8; row++)
			strayed_later((row & 1) != 0, later_ns, (row & 2) != 0,
				      (row & 4) != 0);
}

int
main(void)
{
	uint32_t asked, asked_for_strays;

	play();
	questions();
	seldom();
	died();
	silent_in_time();
	all_strayed_later();
	strayed_before(false, &asked);
	strayed_before(true, &asked_for_strays);
	CHECK(asked == asked_for_strays);
	quiet_others();
	exact(false);
	exact(true);
	full();
	walk();
	return check_done();
}
