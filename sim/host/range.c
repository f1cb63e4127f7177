/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * range.c - intervals in an array: few, so that a scan is the fastest search
 */
#include "sim/host/range.h"

#include <assert.h>
#include <string.h>

bool
ranges_add(struct ranges *ranges, uint64_t start, uint64_t end)
{
	assert(start < end);

	/* items[first, last) overlap or touch the new part. */
	uint32_t first = 0;
	while (first < ranges->count && ranges->items[first].end < start)
		first++;
	uint32_t last = first;
	while (last < ranges->count && ranges->items[last].start <= end)
		last++;

	if (first == last) {
		if (ranges->count == RANGES_MAX)
			return false;
		memmove(&ranges->items[first + 1], &ranges->items[first],
			(ranges->count - first) * sizeof(ranges->items[0]));
		ranges->items[first] = (struct range){ start, end };
		ranges->count++;
		return true;
	}

	struct range *into = &ranges->items[first];
	const struct range *from = &ranges->items[last - 1];
	into->end = from->end > end ? from->end : end;
	into->start = into->start < start ? into->start : start;
	memmove(into + 1, &ranges->items[last],
		(ranges->count - last) * sizeof(ranges->items[0]));
	ranges->count -= last - first - 1;
	return true;
}

void
ranges_drop_below(struct ranges *ranges, uint64_t offset)
{
	uint32_t gone = 0;
	while (gone < ranges->count && ranges->items[gone].end <= offset)
		gone++;
	ranges->count -= gone;
	memmove(&ranges->items[0], &ranges->items[gone],
		ranges->count * sizeof(ranges->items[0]));
	if (ranges->count > 0 && ranges->items[0].start < offset)
		ranges->items[0].start = offset;
}

uint64_t
ranges_covered(const struct ranges *ranges, uint64_t start, uint64_t end)
{
	uint64_t covered = 0;
	for (uint32_t i = 0; i < ranges->count; i++) {
		const struct range *item = &ranges->items[i];
		uint64_t low = item->start > start ? item->start : start;
		uint64_t high = item->end < end ? item->end : end;
		if (low < high)
			covered += high - low;
	}
	return covered;
}

uint64_t
ranges_skip(const struct ranges *ranges, uint64_t offset)
{
	for (uint32_t i = 0; i < ranges->count; i++) {
		if (ranges->items[i].start > offset)
			break;
		if (ranges->items[i].end > offset)
			return ranges->items[i].end;
	}
	return offset;
}

uint64_t
ranges_next(const struct ranges *ranges, uint64_t offset)
{
	for (uint32_t i = 0; i < ranges->count; i++)
		if (ranges->items[i].start > offset)
			return ranges->items[i].start;
	return UINT64_MAX;
}

uint64_t
ranges_end(const struct ranges *ranges)
{
	return ranges->count > 0 ? ranges->items[ranges->count - 1].end : 0;
}
