/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_layers.c - a chain a link, bottom to top
 */
#include "sim/model/link_layers.h"

#include <stdlib.h>

#include "sim/engine/memory.h"
#include "sim/model/fault_kind.h"

#define NONE UINT32_MAX

struct layer {
	uint32_t event, above;
};

struct link_layers {
	const struct fabric *fabric;
	const struct settings *settings;
	uint32_t *lowest; /* by link; index of a layer */
	struct layer *layers;
	uint32_t count, capacity, unused;
	uint8_t *silent; /* by link: 1 up, 2 down */
};

struct link_layers *
link_layers_create(const struct fabric *fabric, const struct settings *settings)
{
	struct link_layers *layers = memory_zeroed(1, sizeof(*layers));

	layers->fabric = fabric;
	layers->settings = settings;
	layers->unused = NONE;
	layers->lowest = memory_zeroed((size_t)fabric->link_count + 1,
				       sizeof(layers->lowest[0]));
	layers->silent = memory_zeroed((size_t)fabric->link_count + 1, 1);
	for (uint32_t i = 0; i < fabric->link_count; i++)
		layers->lowest[i] = NONE;
	return layers;
}

void
link_layers_destroy(struct link_layers *layers)
{
	if (layers == NULL)
		return;
	free(layers->lowest);
	free(layers->layers);
	free(layers->silent);
	free(layers);
}

static uint32_t
layer_take(struct link_layers *layers)
{
	uint32_t index = layers->unused;

	if (index != NONE) {
		layers->unused = layers->layers[index].above;
		return index;
	}
	if (layers->count == layers->capacity) {
		layers->capacity = layers->capacity * 2 + 16;
		layers->layers = memory_grown(layers->layers, layers->capacity,
					      sizeof(layers->layers[0]));
	}
	return layers->count++;
}

void
link_layers_add(struct link_layers *layers, uint32_t link, uint32_t event)
{
	link_layers_remove(layers, link, event);

	uint32_t index = layer_take(layers);
	uint32_t *at = &layers->lowest[link];

	layers->layers[index] = (struct layer){ event, NONE };
	while (*at != NONE)
		at = &layers->layers[*at].above;
	*at = index;
}

void
link_layers_remove(struct link_layers *layers, uint32_t link, uint32_t event)
{
	uint32_t *at = &layers->lowest[link];

	while (*at != NONE && layers->layers[*at].event != event)
		at = &layers->layers[*at].above;
	if (*at == NONE)
		return;

	uint32_t index = *at;
	struct layer *layer = &layers->layers[index];
	*at = layer->above;
	layer->above = layers->unused;
	layers->unused = index;
}

void
link_layers_clear(struct link_layers *layers, uint32_t link)
{
	while (layers->lowest[link] != NONE)
		link_layers_remove(layers, link,
				   layers->layers[layers->lowest[link]].event);
}

static void
change(struct link_settings *settings, const struct fault_settings *fault)
{
	uint32_t keys = fault_keys(fault);

	if ((keys & FAULT_KEY_LOSS) != 0)
		settings->loss_ppm = fault->link.loss_ppm;
	if ((keys & FAULT_KEY_DUPLICATE) != 0)
		settings->duplicate_ppm = fault->link.duplicate_ppm;
	if ((keys & FAULT_KEY_REORDER) != 0)
		settings->reorder_ppm = fault->link.reorder_ppm;
	if ((keys & FAULT_KEY_DELAY) != 0)
		settings->delay_ns = fault->link.delay_ns;
	if ((keys & FAULT_KEY_RATE) != 0)
		settings->rate_bps = fault->link.rate_bps;
}

struct link_settings
link_layers_settings(const struct link_layers *layers, uint32_t link)
{
	struct link_settings settings =
		*fabric_link_settings(layers->fabric, link);

	for (uint32_t i = layers->lowest[link]; i != NONE;
	     i = layers->layers[i].above)
		change(&settings,
		       &layers->settings->faults[layers->layers[i].event]);
	return settings;
}

enum fault_way
link_layers_silence(struct link_layers *layers, uint32_t link,
		    enum fault_way way)
{
	static const uint8_t bits[] = {
		[FAULT_WAY_BOTH] = 3,
		[FAULT_WAY_UP] = 1,
		[FAULT_WAY_DOWN] = 2,
	};

	layers->silent[link] |= bits[way];
	return layers->silent[link] == 3 ? FAULT_WAY_BOTH : way;
}

void
link_layers_mend(struct link_layers *layers, uint32_t link)
{
	layers->silent[link] = 0;
}
