/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_fuzz.c - any bytes are a configuration or complaints
 *
 * What is accepted prints to something that is accepted, means the same and
 * prints the same.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "live/conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static char *
printed(const struct conf *conf, size_t *size)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, size);

	assert(file != NULL);
	conf_print(conf, file);
	fclose(file);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct conf conf, again;
	char *talk = NULL;
	size_t talk_size;
	FILE *file = open_memstream(&talk, &talk_size);

	assert(file != NULL);
	if (conf_parse(&conf, "f", (const char *)bytes, size, file) == 0) {
		size_t first_size, second_size;
		char *first = printed(&conf, &first_size);

		assert(conf_parse(&again, "f", first, first_size, file) == 0);
		assert(memcmp(&conf, &again, sizeof(conf)) == 0);
		assert(conf_fixed(&conf, &again) == NULL);
		char *second = printed(&again, &second_size);
		assert(first_size == second_size &&
		       memcmp(first, second, first_size) == 0);
		free(first);
		free(second);
		/* Notes, if any (remarks.h). */
		fflush(file);
		assert(talk_size == 0 || strncmp(talk, "f:", 2) == 0);
	} else {
		fflush(file);
		assert(talk_size > 0);
	}
	fclose(file);
	free(talk);
	return 0;
}
