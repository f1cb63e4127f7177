/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * life.c - the table of owners that were wanted
 *
 *	struct lives | struct lru | struct life[owners]
 *
 * Few are asked at a time, and twice a second at most; so the due are found by
 * a walk over the table, which begins when `due`, never later than any of
 * theirs, has come, and goes on where the last task was found.
 */
#include "core/steer/life.h"

#include <assert.h>
#include <string.h>

#include "core/lru.h"
#include "core/steer/settings.h"

/* The fabric's word that there is no way: since when, and when last. */
struct life_word {
	struct instant since, last; /* since: NEVER if there is none */
};

struct life {
	struct address address;
	uint16_t asks; /* since it was heard */
	bool asking;
	bool mourned; /* DIED was told */
	bool died; /* the same, and it was not heard since */
	bool ask_other; /* at this turn */
	/* When it was asked last, another had been heard since the question
	 * before. */
	bool others;
	struct instant began; /* to be asked, and was not heard since */
	/* The latest word, or question that was not answered: it was not to be
	 * reached then. */
	struct instant proof;
	/* A session strayed then, the first and the last that no proof is as
	 * young as. NEVER: none has. */
	struct instant late, latest;
	struct instant wanted; /* last */
	struct instant asked; /* last, if asks > 0 */
	int64_t silent_ns; /* counted, see life.h */
	struct life_word refused, unrouted;
	struct instant due;
};

struct heard {
	struct address address;
	struct instant at;
};

struct lives {
	const struct steer_settings *settings;
	struct siphash_key hash;
	/* No later than any life's; during a walk, than those passed. */
	struct instant due;
	uint32_t asking; /* how many are */
	struct instant refused; /* any of them, last; NEVER: none */
	uint32_t cursor; /* of the walk that finds the due */
	bool walking;
	/* The last two that were heard while somebody was asked: two hosts, the
	 * later first. */
	struct heard heard[2];
	struct lru *lru;
	struct life *lives;
};

static size_t
header_size(void)
{
	return (sizeof(struct lives) + 7) / 8 * 8;
}

size_t
lives_size(uint32_t owners)
{
	return header_size() + lru_size(owners) +
	       ((size_t)owners * sizeof(struct life) + 7) / 8 * 8;
}

struct lives *
lives_init(void *memory, uint32_t owners, const struct steer_settings *settings,
	   const struct siphash_key *hash)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);
	assert(owners > 0);

	struct lives *lives = memory;
	uint8_t *after = (uint8_t *)memory + header_size();
	*lives = (struct lives){
		.settings = settings,
		.hash = *hash,
		.due = INSTANT_NEVER,
		.refused = INSTANT_NEVER,
		.lru = lru_init(after, owners),
		.lives = (void *)(after + lru_size(owners)),
	};
	return lives;
}

static uint32_t
hash_of(const struct lives *lives, const struct address *address)
{
	return (uint32_t)siphash_address(&lives->hash, address);
}

/* NULL: not known. */
static struct life *
find(const struct lives *lives, const struct address *address)
{
	if (lru_count(lives->lru) == 0)
		return NULL;
	uint32_t slot = lru_first(lives->lru, hash_of(lives, address));
	while (slot != LRU_NONE &&
	       !address_equal(&lives->lives[slot].address, address))
		slot = lru_next(lives->lru, slot);
	return slot == LRU_NONE ? NULL : &lives->lives[slot];
}

static void
stop_asking(struct lives *lives, struct life *life)
{
	lives->asking -= life->asking;
	life->asking = life->mourned = life->died = false;
	life->ask_other = life->others = false;
	life->asks = 0;
	life->late = INSTANT_NEVER;
	life->silent_ns = 0;
	life->due = INSTANT_NEVER;
}

/* The life, wanted just now; new if need be. */
static struct life *
use(struct lives *lives, const struct address *address)
{
	struct life *life = find(lives, address);

	if (life != NULL) {
		lru_touch(lives->lru, (uint32_t)(life - lives->lives));
		return life;
	}
	if (lru_count(lives->lru) == lru_capacity(lives->lru))
		stop_asking(lives, &lives->lives[lru_oldest(lives->lru)]);
	life = &lives->lives[lru_claim(lives->lru, hash_of(lives, address))];
	*life = (struct life){
		.address = *address,
		.late = INSTANT_NEVER,
		.refused.since = INSTANT_NEVER,
		.unrouted.since = INSTANT_NEVER,
		.due = INSTANT_NEVER,
	};
	return life;
}

static void
schedule(struct lives *lives, struct life *life, struct instant due)
{
	life->due = due;
	lives->due = instant_min(lives->due, due);
}

/* As long a router's word is fresh; it does not stand alone for all of
 * gone_after. */
static int64_t
refused_fresh_ns(const struct lives *lives)
{
	int64_t half_ns = lives->settings->gone_after_ns / 2;

	return half_ns < LIFE_FRESH_NS ? half_ns : LIFE_FRESH_NS;
}

/* Is the word still said, and since long enough? */
static bool
word_holds(const struct lives *lives, struct instant now,
	   const struct life_word *word, int64_t fresh_ns)
{
	return word->since.ns != INSTANT_NEVER.ns &&
	       instant_distance_ns(word->since, now) >=
		       lives->settings->gone_after_ns &&
	       instant_distance_ns(word->last, now) <= fresh_ns;
}

static void
word_said(struct life_word *word, struct instant now)
{
	if (word->since.ns == INSTANT_NEVER.ns ||
	    instant_distance_ns(word->last, now) > LIFE_FRESH_NS)
		word->since = now;
	word->last = now;
}

static bool
has_word(const struct life *life)
{
	return life->refused.since.ns != INSTANT_NEVER.ns ||
	       life->unrouted.since.ns != INSTANT_NEVER.ns;
}

static bool
is_dead(const struct lives *lives, struct instant now, const struct life *life)
{
	if (word_holds(lives, now, &life->refused, refused_fresh_ns(lives)) ||
	    word_holds(lives, now, &life->unrouted, LIFE_FRESH_NS))
		return true;
	return life->asks > 0 &&
	       instant_distance_ns(life->asked, now) <= LIFE_FRESH_NS &&
	       life->silent_ns >= lives->settings->silent_after_ns;
}

/* It is late, and was not asked since. */
static bool
owes_question(const struct life *life)
{
	return life->late.ns != INSTANT_NEVER.ns &&
	       instant_before(life->asked, life->late);
}

/* It was not to be reached then. */
static void
prove(struct life *life, struct instant at)
{
	if (instant_before(life->proof, at))
		life->proof = at;
	if (life->late.ns == INSTANT_NEVER.ns ||
	    instant_before(life->proof, life->late))
		return;
	life->late = instant_before(life->proof, life->latest) ? life->latest
							       : INSTANT_NEVER;
	life->mourned = false;
}

static int64_t
ask_ns(const struct life *life)
{
	/* Only of one that is dead: of others a router is to say so (life.h).
	 */
	if (life->died && owes_question(life))
		return LIFE_ASK_NS / 2;
	if (life->asks < LIFE_QUICK ||
	    (life->died && life->late.ns != INSTANT_NEVER.ns) ||
	    (has_word(life) && life->others))
		return LIFE_ASK_NS;
	return LIFE_ASK_SLOW_NS;
}

/* When is the owner dead, if the fabric goes on saying so? */
static struct instant
word_due(const struct lives *lives, const struct life_word *word)
{
	if (word->since.ns == INSTANT_NEVER.ns)
		return INSTANT_NEVER;
	return instant_after(word->since, lives->settings->gone_after_ns);
}

/* When is it dead, if it goes on saying nothing? In the last second it is asked
 * as at first, for a way that is there again may have come since; and an answer
 * has the time to come. */
static struct instant
silence_due(const struct lives *lives, const struct life *life)
{
	int64_t left_ns = lives->settings->silent_after_ns - life->silent_ns;
	int64_t quiet_ns = left_ns - 2 * LIFE_ASK_NS;

	if (left_ns <= 0)
		return life->asked;
	return instant_after(life->asked,
			     quiet_ns < LIFE_ASK_NS ? LIFE_ASK_NS : quiet_ns);
}

/* The next question, or the end of gone_after or silent_after if that is
 * sooner. */
static void
schedule_next(struct lives *lives, struct instant now, struct life *life)
{
	struct instant due = instant_after(life->asked, ask_ns(life));
	struct instant end = instant_min(word_due(lives, &life->refused),
					 word_due(lives, &life->unrouted));

	if (instant_before(now, end))
		due = instant_min(due, end);
	end = silence_due(lives, life);
	if (instant_before(now, end))
		due = instant_min(due, end);
	schedule(lives, life, due);
}

static void
begin_asking(struct lives *lives, struct instant now, struct life *life)
{
	life->asking = true;
	lives->asking++;
	life->began = life->wanted = now;
	schedule(lives, life, now);
}

void
life_want(struct lives *lives, struct instant now,
	  const struct address *address)
{
	struct life *life = use(lives, address);

	if (!life->asking)
		begin_asking(lives, now, life);
	life->wanted = now;
}

/* Two hosts, the later first. */
static void
note_heard(struct lives *lives, struct instant now,
	   const struct address *address)
{
	if (!address_equal(&lives->heard[0].address, address)) {
		lives->heard[1] = lives->heard[0];
		lives->heard[0].address = *address;
	}
	lives->heard[0].at = now;
}

void
life_heard(struct lives *lives, struct instant now,
	   const struct address *address)
{
	struct life *life;

	/* Nothing that is fresh is held against anybody. */
	if (lives->asking == 0 &&
	    (lives->refused.ns == INSTANT_NEVER.ns ||
	     instant_distance_ns(lives->refused, now) > LIFE_FRESH_NS))
		return;
	note_heard(lives, now, address);
	life = find(lives, address);
	if (life == NULL)
		return;
	stop_asking(lives, life);
	life->refused.since = INSTANT_NEVER;
	life->unrouted.since = INSTANT_NEVER;
}

/* There is a word against an owner. */
static void
refuse(struct lives *lives, struct instant now, struct life *life,
       struct life_word *word)
{
	word_said(word, now);
	prove(life, now);
	lives->refused = now;
	/* Or questions would go on for ever, by their own answers. */
	if (!life->asking)
		begin_asking(lives, now, life);
	struct instant due = instant_min(life->due, word_due(lives, word));
	if (life->asks > 0)
		due = instant_min(due,
				  instant_after(life->asked, ask_ns(life)));
	schedule(lives, life, due);
}

void
life_refused(struct lives *lives, struct instant now,
	     const struct address *address)
{
	struct life *life = use(lives, address);

	refuse(lives, now, life, &life->refused);
}

void
life_routed(struct lives *lives, struct instant now,
	    const struct address *address, bool routed)
{
	struct life *life;

	if (!routed) {
		life = use(lives, address);
		refuse(lives, now, life, &life->unrouted);
		return;
	}
	life = find(lives, address);
	if (life == NULL || life->unrouted.since.ns == INSTANT_NEVER.ns)
		return;
	life->unrouted.since = INSTANT_NEVER;
	life->died &= is_dead(lives, now, life);
}

enum life_state
life_of(const struct lives *lives, struct instant now,
	const struct address *address)
{
	const struct life *life = find(lives, address);

	if (life == NULL)
		return LIFE_ASSUMED;
	if (is_dead(lives, now, life))
		return LIFE_DEAD;
	return life->asking && (life->asks > 1 || has_word(life))
		       ? LIFE_SILENT
		       : LIFE_ASSUMED;
}

void
life_strayed(struct lives *lives, struct instant now,
	     const struct address *address)
{
	struct life *life = find(lives, address);

	if (life == NULL || !instant_before(life->proof, now))
		return;
	bool dead = is_dead(lives, now, life);
	if (!dead && !life->asking)
		return;
	if (!life->asking)
		begin_asking(lives, now, life);
	life->latest = now;
	life->late = instant_min(life->late, now);
	if (!dead)
		return;
	life->wanted = now;
	if (life->asks > 0)
		schedule(lives, life,
			 instant_min(life->due,
				     instant_after(life->asked, ask_ns(life))));
}

bool
life_is_dead_to(const struct lives *lives, struct instant now,
		const struct address *address, struct instant since)
{
	const struct life *life = find(lives, address);

	return life != NULL && is_dead(lives, now, life) &&
	       !instant_before(life->proof, since);
}

bool
life_has_died(const struct lives *lives, const struct address *address)
{
	const struct life *life = find(lives, address);

	return life != NULL && life->died;
}

struct instant
life_silent_since(const struct lives *lives, const struct address *address)
{
	const struct life *life = find(lives, address);

	return life != NULL && life->asking ? life->began : INSTANT_NEVER;
}

/*
 * What to do
 */

struct instant
lives_due(const struct lives *lives)
{
	return lives->due;
}

/* Was another host heard since then? */
static bool
other_heard(const struct lives *lives, const struct life *life,
	    struct instant since)
{
	bool latest = address_equal(&lives->heard[0].address, &life->address);
	const struct heard *heard = &lives->heard[latest];

	return heard->address.family != 0 && !instant_before(heard->at, since);
}

static struct life_task
task_of(enum life_task_kind kind, const struct life *life)
{
	return (struct life_task){ .kind = kind, .address = life->address };
}

/* The last question was not answered: what follows of that, now? */
static void
account(struct lives *lives, struct instant now, struct life *life)
{
	int64_t ns = instant_distance_ns(life->asked, now);
	int64_t most_ns = 2 * ask_ns(life);

	life->others = other_heard(lives, life, life->asked);
	if (!life->others)
		return;
	life->silent_ns += ns < most_ns ? ns : most_ns;
	prove(life, life->asked);
	/* It stood then, and nothing speaks against it. In a long span we may
	 * have been cut off when we asked, and heard others later. */
	if (ns <= 2 * LIFE_ASK_NS &&
	    life->refused.since.ns != INSTANT_NEVER.ns &&
	    instant_distance_ns(life->refused.last, life->asked) <=
		    refused_fresh_ns(lives))
		life->refused.last = now;
}

/* Its question is due, and so is the account of the one before. */
static struct life_task
ask(struct lives *lives, struct instant now, struct life *life)
{
	struct life_task task = task_of(LIFE_ASK, life);
	bool reason = life->asks > 0 || has_word(life);

	if (life->asks > 0)
		account(lives, now, life);
	life->asked = now;
	if (life->asks < UINT16_MAX)
		life->asks++;
	/* Or this span would count only if somebody happens to speak. */
	life->ask_other = reason;
	task.echo = reason;
	task.sequence = life->asks;
	return task;
}

/* It was asked long enough ago, or its silence may be long enough now. */
static bool
is_turn(const struct lives *lives, struct instant now, const struct life *life)
{
	int64_t ns = instant_distance_ns(life->asked, now);

	return life->asks == 0 || ns >= ask_ns(life) ||
	       (ns >= LIFE_ASK_NS &&
		!instant_before(now, silence_due(lives, life)));
}

/* What is to be done for one that is due; one thing at a time. */
static struct life_task
turn(struct lives *lives, struct instant now, struct life *life)
{
	bool dead = is_dead(lives, now, life);

	if (dead && !life->mourned) {
		struct life_task task = task_of(LIFE_DIED, life);
		task.again = life->died;
		life->mourned = life->died = true;
		return task;
	}
	life->mourned = dead;
	if (life->ask_other) {
		life->ask_other = false;
		return task_of(LIFE_ASK_OTHER, life);
	}
	if (instant_distance_ns(life->wanted, now) >=
	    lives->settings->owner_idle_ns) {
		stop_asking(lives, life);
	} else if (is_turn(lives, now, life)) {
		return ask(lives, now, life);
	} else {
		schedule_next(lives, now, life);
	}
	return (struct life_task){ .kind = LIFE_NOTHING };
}

struct life_task
lives_task(struct lives *lives, struct instant now)
{
	if (!lives->walking && instant_before(now, lives->due))
		return (struct life_task){ .kind = LIFE_NOTHING };
	if (!lives->walking)
		lives->due = INSTANT_NEVER;
	lives->walking = true;
	while (lives->cursor < lru_capacity(lives->lru)) {
		struct life *life = &lives->lives[lives->cursor];
		bool used = lru_used(lives->lru, lives->cursor);

		if (used && life->asking && !instant_before(now, life->due)) {
			struct life_task task = turn(lives, now, life);
			if (task.kind != LIFE_NOTHING)
				return task;
		}
		if (used && life->asking)
			lives->due = instant_min(lives->due, life->due);
		lives->cursor++;
	}
	lives->cursor = 0;
	lives->walking = false;
	return (struct life_task){ .kind = LIFE_NOTHING };
}
