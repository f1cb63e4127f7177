/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * did_you_mean.c - three rows of the alignment matrix, words of at most 63
 * bytes
 *
 * A longer word matches nothing: it is no typing error.
 */
#include "live/conf/did_you_mean.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 63

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
distance_of(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t rows[3][WORD_MAX + 1] = { 0 };

	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *twice = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t change = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = smaller(above[j - 1] + change,
					 smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = smaller(row[j], twice[j - 2] + 1);
		}
	}
	return rows[a_size % 3][b_size];
}

struct did_you_mean
did_you_mean_start(const char *wanted)
{
	return (struct did_you_mean){ .wanted = wanted, .distance = SIZE_MAX };
}

void
did_you_mean_offer(struct did_you_mean *did_you_mean, const char *word)
{
	size_t wanted_size = strlen(did_you_mean->wanted);
	size_t word_size = strlen(word);
	size_t longer = wanted_size > word_size ? wanted_size : word_size;
	size_t limit = longer / 3 > 2 ? longer / 3 : 2;
	size_t distance;

	if (longer > WORD_MAX || wanted_size == 0)
		return;
	distance =
		distance_of(did_you_mean->wanted, wanted_size, word, word_size);
	/* Less than half in common is not near, however short the words are. */
	if (distance > limit || 2 * distance > longer ||
	    distance >= did_you_mean->distance)
		return;
	did_you_mean->distance = distance;
	did_you_mean->best = word;
}

void
did_you_mean_hint(const struct did_you_mean *did_you_mean, char *text,
		  size_t size)
{
	if (did_you_mean->best != NULL)
		snprintf(text, size, "; did you mean '%s'?",
			 did_you_mean->best);
	else if (size > 0)
		text[0] = '\0';
}
