/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * did_you_mean.h - the known word that the writer probably meant
 *
 * Optimal string alignment distance (insert, delete, change, swap two
 * neighbours) to each word offered; the nearest wins, the first of equals.
 * Words too far off (more than a third of their length, at least 2, or half
 * of a short one) are no help and are not named.
 *
 * Damerau: A technique for computer detection and correction of spelling
 * errors. CACM 7(3), 1964.
 */
#ifndef LIVE_CONF_DID_YOU_MEAN_H
#define LIVE_CONF_DID_YOU_MEAN_H

#include <stddef.h>

struct did_you_mean {
	const char *wanted; /* borrowed */
	const char *best; /* borrowed from the offers; NULL: none near */
	size_t distance;
};

struct did_you_mean did_you_mean_start(const char *wanted);
void did_you_mean_offer(struct did_you_mean *, const char *word);
/* "; did you mean 'X'?" or "" in text. */
void did_you_mean_hint(const struct did_you_mean *, char *text, size_t size);

#endif
