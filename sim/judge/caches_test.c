/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * caches_test.c - whom server 0 may still take for the owner; a row is what it
 * sees of one session, a letter a step, a second apart
 *
 *	s	a packet strays to it
 *	l	one comes for its own stack; y: a SYN
 *	1 2	a lookup finds server 1, server 2; b: both
 *	d	one finds server 1, for a doubt's sake
 *	n	server 1 says "not mine"
 *	r	its daemon is another
 *	-	nothing, for longer than it may remember
 *	f g	it forwards to 1, to 2
 *	F	it forwards to 1, and has no route
 *	~	nothing, for as long as one without a route is hoped for
 */
#include "sim/judge/caches.h"

#include "core/test/check.h"
#include "sim/test/verdict_bed.h"

static const struct {
	const char *sentence;
	const char *story;
	uint32_t broken;
} rows[] = {
	{ "found, and forwarded to", "s1fsfsf", 0 },
	{ "of two that were found, to either", "sbfg", 0 },
	{ "to one that was not found", "s1g", 1 },
	{ "to one without any lookup", "sf", 1 },
	{ "it has refused", "s1fnsf", 1 },
	{ "it has refused, the older is next", "sbfnsg", 0 },
	{ "it has refused, and was found anew", "s1fn1sf", 0 },
	{ "another's refusal says nothing of it", "s2gnsg", 0 },
	{ "idle for too long", "s1f-sf", 1 },
	{ "idle for too long, and found anew", "s1f-s1f", 0 },
	{ "its port begins a session here", "s1flsf", 1 },
	{ "somebody sends a SYN", "s1fysf", 0 },
	{ "its daemon has begun anew", "s1frsf", 1 },
	{ "its daemon has begun anew and looked", "s1frs1f", 0 },
	{ "no route for a moment", "s1FsFsf", 0 },
	{ "no route for too long", "s1FFFF", 1 },
	{ "no route, and tried again much later", "s1F~sF", 0 },
	{ "a doubt asked, beside a socket here", "dlflf", 0 },
	{ "a doubt asked, and it has refused", "dfnlf", 1 },
	{ "a doubt asked, idle for too long", "df-sf", 1 },
	{ "no route, then one, then none", "s1FFfFF", 0 },
	{ "no route, and another daemon", "s1FFrs1FF", 0 },
};

struct story {
	struct judge_caches *caches;
	struct session_key key;
	struct instant now;
	uint32_t life;
};

static void
learn(struct story *story, enum node_event_kind kind, enum node_asker asker,
      uint32_t first, uint32_t count)
{
	struct node_event event = {
		.kind = kind,
		.asker = asker,
		.key = story->key,
		.record_count = count,
		.records = { { .owner = first }, { .owner = first + 1 } },
		.peer = first,
	};

	judge_caches_learned(story->caches, 0, story->life, &event);
}

static void
decide(struct story *story, char letter)
{
	struct scheme_result result = {
		.verdict = letter == 's' ? SCHEME_HOLD : SCHEME_LOCAL,
		.stray = letter == 's',
		.opening = letter == 'y',
		.key = story->key,
	};

	judge_caches_decided(story->caches, story->now, 0, story->life,
			     &result);
}

static void
forward(struct story *story, uint32_t to, bool routed)
{
	judge_caches_sent(story->caches, story->now, 0, story->life, to, routed,
			  &story->key);
}

static void
step(struct story *story, const struct steer_settings *settings, char letter)
{
	story->now = instant_after(story->now, NS_PER_S);
	switch (letter) {
	case 's':
	case 'l':
	case 'y':
		decide(story, letter);
		break;
	case '1':
	case '2':
		learn(story, NODE_FOUND, NODE_ASKER_STRAY,
		      letter == '1' ? 1 : 2, 1);
		break;
	case 'b':
		learn(story, NODE_FOUND, NODE_ASKER_STRAY, 1, 2);
		break;
	case 'd':
		learn(story, NODE_FOUND, NODE_ASKER_DOUBT, 1, 1);
		break;
	case 'n':
		learn(story, NODE_NOT_MINE, NODE_ASKER_LOAD, 1, 0);
		break;
	case 'r':
		story->life++;
		break;
	case '-':
		story->now = instant_after(story->now, settings->owner_idle_ns);
		break;
	case '~':
		story->now = instant_after(story->now, settings->gone_after_ns);
		break;
	case 'g':
		forward(story, 2, true);
		break;
	default:
		forward(story, 1, letter == 'f');
		break;
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct verdict_bed bed;
		struct story story = { .key = verdict_bed_key(40000) };

		verdict_bed_create(&bed, 3);
		story.caches = judge_caches_create(&bed.parts);
		for (const char *at = rows[i].story; *at != '\0'; at++)
			step(&story, &bed.settings.service.steer, *at);
		CHECK_ROW(bed.verdicts.counts[VIOLATION_STALE_CACHE] ==
				  rows[i].broken,
			  rows[i].sentence);
		CHECK_ROW(bed.said == rows[i].broken, rows[i].sentence);
		judge_caches_destroy(story.caches);
		verdict_bed_destroy(&bed);
	}
	return check_done();
}
