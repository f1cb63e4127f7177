/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_check.c - the rules
 */
#include "sim/model/fault_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/model/fault_kind.h"
#include "sim/model/fault_sequence.h"
#include "sim/model/fault_target.h"

#define DEGREES                                                                \
	(FAULT_KEY_LOSS | FAULT_KEY_DUPLICATE | FAULT_KEY_REORDER |            \
	 FAULT_KEY_DELAY | FAULT_KEY_RATE)

__attribute__((format(printf, 3, 4))) static bool
blame(struct fault_flaw *flaw, const char *key, const char *format, ...)
{
	va_list arguments;

	*flaw = (struct fault_flaw){ .key = key };
	va_start(arguments, format);
	(void)vsnprintf(flaw->sentence, sizeof(flaw->sentence), format,
			arguments);
	va_end(arguments);
	return true;
}

/* ---- keys ---- */

static bool
keys_flawed(const struct fault_settings *fault, struct fault_flaw *flaw)
{
	const char *name = fault_name(fault->kind);
	uint32_t unused = fault_key_unused(fault);

	if (unused == FAULT_KEY_UNTIL && fault->kind != FAULT_SEQUENCE &&
	    (fault_kind_trait(fault->kind)->keys & FAULT_KEY_EACH) != 0)
		return blame(flaw, "until_s",
			     "%s takes no until_s without an each_s: nothing "
			     "undoes it",
			     name);
	if (unused != 0)
		return blame(flaw, fault_key_name(unused), "%s takes no %s",
			     name, fault_key_name(unused));
	if (fault->kind == FAULT_LINK_DEGRADE &&
	    (fault_keys(fault) & DEGREES) == 0)
		return blame(flaw, "kind",
			     "%s changes nothing: it takes loss_percent, "
			     "duplicate_percent, reorder_percent, delay_us or "
			     "rate_gbps",
			     name);
	if (fault_is_attack(fault->kind) && fault->rate_pps == 0)
		return blame(flaw, "rate_pps", "%s at 0 a second", name);
	if (fault_is_attack(fault->kind) && fault->repeat == 0)
		return blame(flaw, "repeat", "%s of packets sent 0 times",
			     name);
	return false;
}

/* ---- targets ---- */

static const char *
target_word(enum fault_target wanted)
{
	return wanted == FAULT_TARGET_LINK     ? "link"
	       : wanted == FAULT_TARGET_ROUTER ? "router"
					       : "server";
}

static bool
count_flawed(const struct fault_settings *fault, uint32_t targets,
	     struct fault_flaw *flaw)
{
	enum fault_target wanted = fault_kind_trait(fault->kind)->target;

	if (wanted == FAULT_TARGET_NONE || fault->count == 0)
		return false;
	if (!fault_target_is_set(fault))
		return blame(flaw, "count",
			     "a count chooses among several targets, and '%s' "
			     "is one",
			     fault->target);
	if (fault->count > targets)
		return blame(flaw, "count",
			     "%s of %u %ss, of which there %s %u",
			     fault_name(fault->kind), fault->count,
			     target_word(wanted), targets == 1 ? "is" : "are",
			     targets);
	return false;
}

static bool
wrong_flawed(const struct fault_settings *fault, enum fault_target_error error,
	     const char *wrong, struct fault_flaw *flaw)
{
	enum fault_target wanted = fault_kind_trait(fault->kind)->target;

	switch (error) {
	case FAULT_TARGET_GOOD:
		break;
	case FAULT_TARGET_OTHER:
		return blame(flaw, "target",
			     "%s acts on a %s, which '%s' is "
			     "not",
			     fault_name(fault->kind), target_word(wanted),
			     wrong);
	case FAULT_TARGET_TIER:
		return blame(flaw, "target",
			     "'%s' is a link of a session's path; it stands "
			     "alone",
			     wrong);
	case FAULT_TARGET_ABSENT:
		(void)blame(flaw, "target", "this fabric has no %s%s'%s'",
			    strpbrk(wrong, "*?") != NULL ? target_word(wanted)
							 : "",
			    strpbrk(wrong, "*?") != NULL ? " " : "", wrong);
		(void)snprintf(flaw->unknown, sizeof(flaw->unknown), "%s",
			       wrong);
		return true;
	}
	return false;
}

static bool
target_flawed(const struct settings *settings, const struct fabric *fabric,
	      uint32_t index, uint64_t *targets, struct fault_flaw *flaw)
{
	const struct fault_settings *fault = &settings->faults[index];
	enum fault_target wanted = fault_kind_trait(fault->kind)->target;
	const char *name = fault_name(fault->kind), *wrong = "";
	struct fault_set set;

	if (settings->fabric.kind == FABRIC_UNIFORM &&
	    (wanted == FAULT_TARGET_LINK || wanted == FAULT_TARGET_ROUTER ||
	     fault->kind == FAULT_PARTITION))
		return blame(flaw, "target",
			     "%s needs links and routers; a uniform fabric has "
			     "none",
			     name);
	if (settings->fabric.kind == FABRIC_UNIFORM &&
	    fault_is_attack(fault->kind))
		return blame(flaw, "kind",
			     "%s comes from where clients are, and a uniform "
			     "fabric has none",
			     name);
	if (settings->fabric.kind == FABRIC_UNIFORM &&
	    fault->kind == FAULT_SEQUENCE)
		return blame(flaw, "kind",
			     "%s needs links and routers; a uniform fabric has "
			     "none",
			     name);
	if (wanted == FAULT_TARGET_NONE)
		return false;
	if (fault->target[0] == '\0' && fault->list_count == 0)
		return blame(flaw, "target", "%s needs a target", name);
	if (fabric == NULL)
		return false;
	enum fault_target_error error =
		fault_target_find(fabric, settings, index, &set, &wrong);
	free(set.members);
	*targets += set.count;
	if (error != FAULT_TARGET_GOOD)
		return wrong_flawed(fault, error, wrong, flaw);
	if (*targets > FAULT_TARGETS_MAX)
		return blame(flaw, "target",
			     "more than %u targets of all events in all",
			     FAULT_TARGETS_MAX);
	return count_flawed(fault, set.count, flaw);
}

/* ---- times ---- */

/* A period has two changes. Halves that round to nothing would follow each
 * other at one instant, for ever. */
static bool
period_flawed(const struct fault_settings *fault, struct fault_flaw *flaw)
{
	int64_t half_ns = fault->period_ns / 2;

	if (fault->until_ns == 0)
		return blame(flaw, "period_s", "a period_s needs an until_s");
	if (fault_target_is_path(fault))
		return blame(flaw, "period_s",
			     "only a link with a name can flap");
	if (half_ns == 0 || (fault->until_ns - fault->at_ns) / half_ns >=
				    (int64_t)FAULT_TIMES_MAX)
		return blame(flaw, "period_s", "more than %u times",
			     FAULT_TIMES_MAX);
	return false;
}

/* Again and again: until when, and is it over before it comes again? */
static bool
loop_flawed(const struct fault_settings *fault, struct fault_flaw *flaw)
{
	bool many = fault_target_is_set(fault);
	bool link = fault_kind_trait(fault->kind)->target == FAULT_TARGET_LINK;

	if (fault->period_ns != 0)
		return blame(flaw, "period_s",
			     "a period_s repeats, too: each_s and for_s say "
			     "more");
	if (link && fault_target_is_path(fault))
		return blame(flaw, "each_s",
			     "only what has a name is struck again and again");
	if (fault->until_ns == 0 && (!many || fault->count > 0))
		return blame(flaw, "each_s",
			     "an each_s needs an until_s, but where it goes "
			     "once through several targets");
	if (!many && fault->for_ns >= fault->each_ns)
		return blame(flaw, "for_s",
			     "for_s must be less than each_s where there is "
			     "one target");
	if ((fault->until_ns - fault->at_ns) / fault->each_ns >=
	    (int64_t)FAULT_TIMES_MAX)
		return blame(flaw, "each_s", "more than %u times",
			     FAULT_TIMES_MAX);
	return false;
}

/* All of it within the run, and each change over before the next. */
static bool
sequence_flawed(const struct settings *settings,
		const struct fault_settings *fault, struct fault_flaw *flaw)
{
	int64_t more = fault->count > 0 ? fault->count - 1 : 0;
	int64_t room_ns = settings->measure.duration_ns - fault->at_ns;

	if (fault->each_ns == 0)
		return blame(flaw, "each_s",
			     "a sequence needs an each_s: how far apart its "
			     "changes are");
	if (fault->for_ns >= fault->each_ns)
		return blame(flaw, "for_s",
			     "for_s must be less than each_s: a change is over "
			     "before the next");
	if (fault_sequence_lasts_ns(fault) < FAULT_SEQUENCE_LEAST_NS)
		return blame(flaw, fault->for_ns > 0 ? "for_s" : "each_s",
			     "a change of a sequence lasts 0.001 s at least: "
			     "for_s, or half of each_s");
	if (more >= FAULT_EVENTS_MAX || (room_ns - 1) / fault->each_ns < more)
		return blame(flaw, "count",
			     "the last of %u changes would be after the end of "
			     "the run",
			     fault->count);
	return false;
}

static bool
times_flawed(const struct settings *settings,
	     const struct fault_settings *fault, struct fault_flaw *flaw)
{
	if (fault->at_ns >= settings->measure.duration_ns)
		return blame(flaw, "at_s",
			     "the event would be after the end of the run");
	if (fault->kind == FAULT_SEQUENCE)
		return sequence_flawed(settings, fault, flaw);
	if (fault->until_ns != 0 && fault->until_ns <= fault->at_ns)
		return blame(flaw, "until_s", "until_s must be after at_s");
	if (fault->period_ns != 0 && period_flawed(fault, flaw))
		return true;
	if (fault->each_ns != 0)
		return loop_flawed(fault, flaw);
	if (fault->for_ns != 0 && fault->until_ns != 0)
		return blame(flaw, "for_s",
			     "for_s and until_s both say when it is over");
	return false;
}

bool
fault_check_takes_fabric(const struct settings *settings)
{
	for (uint32_t i = 0; i < settings->fault_count; i++)
		if (fault_kind_trait(settings->faults[i].kind)->target !=
		    FAULT_TARGET_NONE)
			return true;
	return false;
}

bool
fault_check(const struct settings *settings, const struct fabric *fabric,
	    uint32_t index, uint64_t *targets, struct fault_flaw *flaw)
{
	const struct fault_settings *fault = &settings->faults[index];

	return keys_flawed(fault, flaw) ||
	       target_flawed(settings, fabric, index, targets, flaw) ||
	       times_flawed(settings, fault, flaw);
}
