/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * variant.c - see variant.h
 */
#include "harness/explore/variant.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/memory.h"
#include "sim/model/constraints.h"
#include "sim/model/fabric.h"
#include "sim/model/fault.h"
#include "sim/model/fault_target.h"

/* ---- a copy ---- */

/* Each event's list behind the one before. */
static void
targets_copy(struct variant *variant, const struct settings *from)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < from->fault_count; i++)
		count += from->faults[i].list_count;
	variant->targets = memory_zeroed(count, FAULT_TARGET_BYTES);
	count = 0;
	for (uint32_t i = 0; i < from->fault_count; i++) {
		struct fault_settings *fault = &variant->faults[i];

		for (uint32_t j = 0; j < fault->list_count; j++)
			memcpy(variant->targets[count + j],
			       from->fault_targets[fault->list_first + j],
			       FAULT_TARGET_BYTES);
		fault->list_first = fault->list_count > 0 ? count : 0;
		count += fault->list_count;
	}
}

void
variant_copy(struct variant *variant, const struct settings *from)
{
	const struct variant before = *variant; /* it may be its own source */
	uint32_t sizes = from->clients.size_cdf_count;

	variant->settings = *from;
	variant->faults =
		memory_zeroed(from->fault_count, sizeof(struct fault_settings));
	if (from->fault_count > 0)
		memcpy(variant->faults, from->faults,
		       from->fault_count * sizeof(struct fault_settings));
	targets_copy(variant, from);
	variant->sizes = memory_zeroed(sizes, sizeof(struct cdf_point));
	if (sizes > 0)
		memcpy(variant->sizes, from->clients.size_cdf,
		       sizes * sizeof(struct cdf_point));
	variant->settings.faults = variant->faults;
	variant->settings.fault_targets =
		(const char(*)[FAULT_TARGET_BYTES])variant->targets;
	variant->settings.clients.size_cdf = sizes > 0 ? variant->sizes : NULL;
	free(before.faults);
	free(before.targets);
	free(before.sizes);
}

void
variant_release(struct variant *variant)
{
	free(variant->faults);
	free(variant->targets);
	free(variant->sizes);
	*variant = (struct variant){ .faults = NULL };
}

void
variant_swap(struct variant *one, struct variant *other)
{
	struct variant kept = *one;

	*one = *other;
	*other = kept;
}

/* ---- cuts ---- */

void
variant_drop_events(struct variant *variant, uint32_t first, uint32_t count)
{
	struct settings *settings = &variant->settings;

	assert(first + count <= settings->fault_count);
	memmove(&variant->faults[first], &variant->faults[first + count],
		(settings->fault_count - first - count) *
			sizeof(struct fault_settings));
	settings->fault_count -= count;
}

void
variant_default(struct variant *variant, const struct key *key)
{
	struct settings defaults;

	settings_default(&defaults);
	if (key->type == KEY_SIZES) {
		variant->settings.clients.size_cdf = NULL;
		variant->settings.clients.size_cdf_count = 0;
		return;
	}
	memcpy((char *)&variant->settings + key->offset,
	       (const char *)&defaults + key->offset, key->width);
}

void
variant_default_event(struct variant *variant, uint32_t event,
		      const struct key *key)
{
	struct fault_settings *fault = &variant->faults[event];
	struct fault_settings defaults;

	fault_settings_default(&defaults);
	memcpy((char *)fault + key->offset,
	       (const char *)&defaults + key->offset, key->width);
	fault->given &= ~key->given;
	if (key->type == KEY_TARGET)
		fault->list_first = fault->list_count = 0;
}

void
variant_aim(struct variant *variant, uint32_t event, const char *name)
{
	struct fault_settings *fault = &variant->faults[event];
	char kept[FAULT_TARGET_BYTES]; /* it may be of its own list */

	(void)snprintf(kept, sizeof(kept), "%s", name);
	memset(fault->target, 0, sizeof(fault->target));
	memcpy(fault->target, kept, strlen(kept));
	fault->list_first = fault->list_count = 0;
	fault->count = 0;
	fault->given &= ~(uint32_t)FAULT_KEY_COUNT;
	fault->given |= FAULT_KEY_TARGET;
}

void
variant_drop_target(struct variant *variant, uint32_t event, uint32_t index)
{
	struct fault_settings *fault = &variant->faults[event];
	char(*list)[FAULT_TARGET_BYTES] = &variant->targets[fault->list_first];

	assert(index < fault->list_count);
	memmove(list[index], list[index + 1],
		(size_t)(fault->list_count - index - 1) * FAULT_TARGET_BYTES);
	fault->list_count--;
	if (fault->count > fault->list_count)
		fault->count = fault->list_count;
	if (fault->list_count == 1 && strpbrk(list[0], "*?") == NULL)
		variant_aim(variant, event, list[0]);
}

/* ---- settled ---- */

static void
at_most(uint32_t *value, uint32_t most)
{
	if (*value > most)
		*value = most;
}

/* "spine7": the seventh, of two spines the first. False: no such device. */
static bool
device_fold(const struct fabric *fabric, const char *name, size_t size,
	    char *folded)
{
	for (unsigned kind = 0; kind < DEVICE_KINDS; kind++) {
		const char *kind_name =
			fabric_kind_name((enum device_kind)kind);
		size_t word = strlen(kind_name);
		uint32_t count = fabric->device_first[kind + 1] -
				 fabric->device_first[kind];
		unsigned long number;

		if (size <= word || strncmp(name, kind_name, word) != 0 ||
		    count == 0)
			continue;
		number = strtoul(name + word, NULL, 10);
		(void)snprintf(folded, FABRIC_NAME_BYTES, "%s%lu", kind_name,
			       (number + count - 1) % count + 1);
		return true;
	}
	return false;
}

/* Is the link between devices of these names' kinds, and does it end at the
 * lower one? */
static bool
link_fits(const char *link, const char *upper, const char *lower, bool whole)
{
	const char *dash = strchr(link, '-');
	size_t word = strcspn(upper, "0123456789");

	if (dash == NULL || strncmp(link, upper, word) != 0)
		return false;
	if (whole)
		return strcmp(dash + 1, lower) == 0;
	return strncmp(dash + 1, lower, strcspn(lower, "0123456789")) == 0;
}

/* A link that there is, for one that is gone: the same devices folded, or else
 * one of that lower device, or else one of that tier. */
static bool
link_fold(const struct fabric *fabric, const char *name, char *folded)
{
	char upper[FABRIC_NAME_BYTES], lower[FABRIC_NAME_BYTES];
	const char *dash = strchr(name, '-');
	uint32_t count = fault_target_count(fabric, FAULT_TARGET_LINK);

	if (dash == NULL ||
	    !device_fold(fabric, name, (size_t)(dash - name), upper) ||
	    !device_fold(fabric, dash + 1, strlen(dash + 1), lower))
		return false;
	(void)snprintf(folded, FAULT_NAME_BYTES, "%s-%s", upper, lower);
	if (fabric_link_find(fabric, folded) != FABRIC_NONE)
		return true;
	for (unsigned whole = 2; whole-- > 0;) {
		for (uint32_t i = 0; i < count; i++) {
			fault_target_name(fabric, FAULT_TARGET_LINK, i, folded);
			if (link_fits(folded, upper, lower, whole == 1))
				return true;
		}
	}
	return false;
}

static void
name_settle(const struct fabric *fabric, char name[FAULT_TARGET_BYTES])
{
	char folded[FAULT_NAME_BYTES];
	bool link = strchr(name, '-') != NULL;

	if (name[0] == '\0' || strpbrk(name, "*?") != NULL)
		return;
	if (fabric_find(fabric, name, strlen(name)) != FABRIC_NONE ||
	    (link && fabric_link_find(fabric, name) != FABRIC_NONE))
		return;
	if (!(link ? link_fold(fabric, name, folded)
		   : device_fold(fabric, name, strlen(name), folded)))
		return; /* a tier, or what nobody knows */
	memset(name, 0, FAULT_TARGET_BYTES);
	memcpy(name, folded, strlen(folded));
}

static void
targets_settle(struct variant *variant)
{
	const struct fabric_settings whole = faults_fabric(&variant->settings);
	struct fabric *fabric;
	char error[CONSTRAINT_TEXT];

	if (variant->settings.fault_count == 0 ||
	    fabric_create(&fabric, &whole, error, sizeof(error)) != 0)
		return; /* the constraints say so */
	for (uint32_t i = 0; i < variant->settings.fault_count; i++) {
		struct fault_settings *fault = &variant->faults[i];

		if (!fault_target_is_path(fault))
			name_settle(fabric, fault->target);
		for (uint32_t j = 0; j < fault->list_count; j++)
			name_settle(fabric,
				    variant->targets[fault->list_first + j]);
	}
	fabric_destroy(fabric);
}

/* A run that ends earlier has fewer events. */
static void
events_settle(struct variant *variant)
{
	for (uint32_t i = variant->settings.fault_count; i-- > 0;)
		if (variant->faults[i].at_ns >=
		    variant->settings.measure.duration_ns)
			variant_drop_events(variant, i, 1);
}

void
variant_settle(struct variant *variant)
{
	struct settings *settings = &variant->settings;
	struct measure_settings *measure = &settings->measure;

	at_most(&settings->fabric.uplinks, settings->fabric.leaves);
	at_most(&settings->fabric.pods, settings->fabric.servers);
	if (settings->dht.node.alpha > settings->dht.node.k)
		settings->dht.node.alpha = settings->dht.node.k;
	if (settings->dht.node.replicas > settings->dht.node.k)
		settings->dht.node.replicas = settings->dht.node.k;
	if (measure->mix == LOAD_PHASES || measure->stores == 0)
		at_most(&measure->removals, measure->stores);
	if (measure->stores == 0 && settings->clients.sessions == 0)
		measure->lookups = 0;
	if (settings->clients.sessions == 0 &&
	    settings->fabric.kind == FABRIC_UNIFORM)
		measure->samples = 0;
	/* Two copies of one fact, as readers have it (sweep.c). */
	settings->service.steer.mtu_bytes =
		settings->fabric.server_link.mtu_bytes;
	events_settle(variant);
	targets_settle(variant);
}

/* ---- the same ---- */

static bool
keys_same(const struct key_table *table, const void *one, const void *other)
{
	for (size_t i = 0; i < table->count; i++)
		if (!key_same(&table->keys[i], one, other))
			return false;
	return true;
}

static bool
sizes_same(const struct client_settings *one,
	   const struct client_settings *other)
{
	if (one->size_cdf_count != other->size_cdf_count)
		return false;
	for (uint32_t i = 0; i < one->size_cdf_count; i++)
		if (one->size_cdf[i].bytes != other->size_cdf[i].bytes ||
		    one->size_cdf[i].ppm != other->size_cdf[i].ppm)
			return false;
	return true;
}

static bool
events_same(const struct settings *one, const struct settings *other,
	    uint32_t event)
{
	const struct fault_settings *a = &one->faults[event];
	const struct fault_settings *b = &other->faults[event];

	if (!keys_same(key_faults(), a, b) || a->list_count != b->list_count ||
	    fault_keys(a) != fault_keys(b))
		return false;
	for (uint32_t i = 0; i < a->list_count; i++)
		if (strcmp(one->fault_targets[a->list_first + i],
			   other->fault_targets[b->list_first + i]) != 0)
			return false;
	return true;
}

bool
variant_same(const struct settings *one, const struct settings *other)
{
	if (!keys_same(key_settings(), one, other) ||
	    !sizes_same(&one->clients, &other->clients) ||
	    one->fault_count != other->fault_count)
		return false;
	for (uint32_t i = 0; i < one->fault_count; i++)
		if (!events_same(one, other, i))
			return false;
	return true;
}
