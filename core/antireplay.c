/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * antireplay.c - the window, and which windows are kept
 *
 * Boots are remembered in the order in which they were first heard; the
 * oldest makes room. A late packet of an earlier boot does not make that
 * boot young again, or two streams' replays could push out the live one.
 */
#include "core/antireplay.h"

#include <string.h>

static bool
window_accept(struct antireplay_window *window, uint32_t sequence)
{
	if (sequence > window->highest) {
		uint32_t shift = sequence - window->highest;
		window->seen =
			shift < ANTIREPLAY_WINDOW ? window->seen << shift : 0;
		window->seen |= 1;
		window->highest = sequence;
		return true;
	}

	uint32_t age = window->highest - sequence;
	if (age >= ANTIREPLAY_WINDOW)
		return false;
	uint64_t bit = UINT64_C(1) << age;
	if ((window->seen & bit) != 0)
		return false;
	window->seen |= bit;
	return true;
}

bool
antireplay_accept(struct antireplay *replay, uint16_t boot, uint32_t sequence)
{
	struct antireplay_window *windows = replay->windows;

	for (uint32_t i = 0; i < replay->window_count; i++) {
		if (windows[i].boot == boot)
			return window_accept(&windows[i], sequence);
	}
	if (replay->window_count < ANTIREPLAY_BOOTS)
		replay->window_count++;
	memmove(windows + 1, windows,
		(replay->window_count - 1) * sizeof(*windows));
	windows[0] = (struct antireplay_window){
		.seen = 1,
		.highest = sequence,
		.boot = boot,
	};
	return true;
}
