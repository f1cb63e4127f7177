/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nearest.h - the known word that somebody probably meant
 *
 * Optimal string alignment distance (insert, delete, change, swap two
 * neighbours) to each word offered; the nearest wins, the first of equals.
 * Words too far off (more than a third of their length, at least 2) are no
 * help and are not named.
 *
 * Damerau: A technique for computer detection and correction of spelling
 * errors. CACM 7(3), 1964.
 */
#ifndef LIVE_CONF_NEAREST_H
#define LIVE_CONF_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *wanted; /* borrowed */
	const char *best; /* borrowed from the offers; NULL: none near */
	size_t distance;
};

struct nearest nearest_start(const char *wanted);
void nearest_offer(struct nearest *, const char *word);
/* "; did you mean 'X'?" or "" in text. */
void nearest_hint(const struct nearest *, char *text, size_t size);

#endif
