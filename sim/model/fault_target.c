/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_target.c - patterns against the names of a fabric
 */
#include "sim/model/fault_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/memory.h"
#include "sim/model/tier.h"

static bool
is_pattern(const char *text)
{
	return strpbrk(text, "*?") != NULL;
}

static bool
is_path(const char *text)
{
	enum path_tier tier;

	return strcmp(text, "path") == 0 || tier_parse(text, &tier);
}

bool
fault_target_is_set(const struct fault_settings *fault)
{
	if (fault->target[0] == '\0')
		return fault->list_count > 0;
	return is_pattern(fault->target);
}

bool
fault_target_is_path(const struct fault_settings *fault)
{
	return is_path(fault->target);
}

/* ---- names ---- */

static uint32_t
first_of(const struct fabric *fabric, enum fault_target wanted)
{
	return wanted == FAULT_TARGET_ROUTER ? fabric->device_first[DEVICE_EDGE]
					     : 0;
}

uint32_t
fault_target_count(const struct fabric *fabric, enum fault_target wanted)
{
	switch (wanted) {
	case FAULT_TARGET_LINK:
		return fabric->link_count;
	case FAULT_TARGET_ROUTER:
		return fabric->device_count - first_of(fabric, wanted);
	case FAULT_TARGET_SERVER:
		return fabric->settings.servers;
	case FAULT_TARGET_NONE:
		break;
	}
	return 0;
}

/* Of a link, its end `first` before the other. */
static void
name_of(const struct fabric *fabric, enum fault_target wanted, uint32_t index,
	uint32_t first, char name[FAULT_NAME_BYTES])
{
	if (wanted != FAULT_TARGET_LINK) {
		(void)snprintf(name, FAULT_NAME_BYTES, "%s",
			       fabric->names[first_of(fabric, wanted) + index]);
		return;
	}

	const uint32_t *ports = fabric->links[index].ports;
	(void)snprintf(name, FAULT_NAME_BYTES, "%s-%s",
		       fabric->names[fabric->ports[ports[first]].device],
		       fabric->names[fabric->ports[ports[1 - first]].device]);
}

void
fault_target_name(const struct fabric *fabric, enum fault_target wanted,
		  uint32_t index, char name[FAULT_NAME_BYTES])
{
	name_of(fabric, wanted, index, 0, name);
}

/* The last star takes one character more whenever what follows it fails. */
static bool
matches(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool
pattern_means(const struct fabric *fabric, enum fault_target wanted,
	      uint32_t index, const char *pattern)
{
	char name[FAULT_NAME_BYTES];

	for (uint32_t first = 0; first < 2; first++) {
		name_of(fabric, wanted, index, first, name);
		if (matches(pattern, name))
			return true;
		if (wanted != FAULT_TARGET_LINK)
			break;
	}
	return false;
}

/* ---- sets ---- */

struct gathering {
	const struct fabric *fabric;
	enum fault_target wanted;
	struct fault_set *set;
	uint32_t capacity;
	uint8_t *seen; /* by index; NULL: one name alone cannot come twice */
};

static void
gather(struct gathering *gathering, uint32_t index)
{
	struct fault_set *set = gathering->set;

	if (gathering->seen != NULL) {
		if (gathering->seen[index] != 0)
			return;
		gathering->seen[index] = 1;
	}
	if (set->count == gathering->capacity) {
		gathering->capacity = gathering->capacity * 2 + 1;
		set->members = memory_grown(set->members, gathering->capacity,
					    sizeof(set->members[0]));
	}
	set->members[set->count++] =
		first_of(gathering->fabric, gathering->wanted) + index;
}

static enum fault_target_error
pattern_gather(struct gathering *gathering, const char *pattern)
{
	uint32_t count =
		fault_target_count(gathering->fabric, gathering->wanted);
	bool found = false;

	for (uint32_t i = 0; i < count; i++) {
		if (!pattern_means(gathering->fabric, gathering->wanted, i,
				   pattern))
			continue;
		gather(gathering, i);
		found = true;
	}
	return found ? FAULT_TARGET_GOOD : FAULT_TARGET_ABSENT;
}

static enum fault_target_error
name_gather(struct gathering *gathering, const char *name)
{
	const struct fabric *fabric = gathering->fabric;
	enum fault_target wanted = gathering->wanted;
	uint32_t first = first_of(fabric, wanted), index;

	if (wanted == FAULT_TARGET_LINK) {
		index = fabric_link_find(fabric, name);
		if (index == FABRIC_NONE)
			return fabric_find(fabric, name, strlen(name)) ==
					       FABRIC_NONE
				       ? FAULT_TARGET_ABSENT
				       : FAULT_TARGET_OTHER;
	} else {
		index = fabric_find(fabric, name, strlen(name));
		if (index == FABRIC_NONE)
			return is_path(name) ||
					       fabric_link_find(fabric, name) !=
						       FABRIC_NONE
				       ? FAULT_TARGET_OTHER
				       : FAULT_TARGET_ABSENT;
		bool right =
			wanted == FAULT_TARGET_ROUTER
				? fabric_is_router(fabric, index)
				: fabric_kind(fabric, index) == DEVICE_SERVER;
		if (!right)
			return FAULT_TARGET_OTHER;
	}
	gather(gathering, index - first);
	return FAULT_TARGET_GOOD;
}

static enum fault_target_error
text_gather(struct gathering *gathering, const char *text)
{
	if (is_pattern(text))
		return pattern_gather(gathering, text);
	if (gathering->wanted == FAULT_TARGET_LINK && is_path(text))
		return FAULT_TARGET_TIER;
	return name_gather(gathering, text);
}

enum fault_target_error
fault_target_find(const struct fabric *fabric, const struct settings *settings,
		  uint32_t event, struct fault_set *set, const char **wrong)
{
	const struct fault_settings *fault = &settings->faults[event];
	struct gathering gathering = {
		.fabric = fabric,
		.wanted = fault_kind_trait(fault->kind)->target,
		.set = set,
	};
	enum fault_target_error error = FAULT_TARGET_GOOD;

	*set = (struct fault_set){ .members = NULL };
	if (gathering.wanted == FAULT_TARGET_NONE ||
	    (gathering.wanted == FAULT_TARGET_LINK &&
	     fault_target_is_path(fault)))
		return FAULT_TARGET_GOOD;
	*wrong = fault->target;
	if (fault->target[0] != '\0' || fault->list_count == 0)
		return text_gather(&gathering, fault->target);
	gathering.seen = memory_zeroed(
		(size_t)fault_target_count(fabric, gathering.wanted) + 1, 1);
	for (uint32_t i = 0;
	     error == FAULT_TARGET_GOOD && i < fault->list_count; i++) {
		*wrong = settings->fault_targets[fault->list_first + i];
		error = text_gather(&gathering, *wrong);
	}
	free(gathering.seen);
	if (error != FAULT_TARGET_GOOD) {
		free(set->members);
		*set = (struct fault_set){ .members = NULL };
	}
	return error;
}

const char *
fault_target_sentence(enum fault_target wanted, enum fault_target_error error,
		      const char *wrong)
{
	bool link = wanted == FAULT_TARGET_LINK;

	switch (error) {
	case FAULT_TARGET_GOOD:
		break;
	case FAULT_TARGET_TIER:
		return "a tier or path stands alone";
	case FAULT_TARGET_OTHER:
		if (!link && strchr(wrong, '-') == NULL)
			return "a device of another kind";
		return link ? "no such link" : "no such device";
	case FAULT_TARGET_ABSENT:
		return link ? "no such link" : "no such device";
	}
	return NULL;
}

void
fault_target_text(const struct settings *settings,
		  const struct fault_settings *fault,
		  char text[FAULT_TARGET_BYTES])
{
	size_t used = 0;

	(void)snprintf(text, FAULT_TARGET_BYTES, "%s", fault->target);
	if (fault->target[0] != '\0')
		return;
	for (uint32_t i = 0; i < fault->list_count; i++) {
		const char *one =
			settings->fault_targets[fault->list_first + i];
		const char *comma = i > 0 ? ", " : "";
		/* Room for ", ..." behind it. */
		if (used + strlen(comma) + strlen(one) + 6 >
		    FAULT_TARGET_BYTES) {
			(void)snprintf(text + used, FAULT_TARGET_BYTES - used,
				       "%s...", comma);
			return;
		}
		used += (size_t)snprintf(text + used, FAULT_TARGET_BYTES - used,
					 "%s%s", comma, one);
	}
}
