/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worlds.c - one scenario at a time, read when its world is asked for
 */
#include "harness/explore/worlds.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/shell_word.h"
#include "harness/explore/generator.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/scenario_dump.h"
#include "harness/scenario/sweep.h"

struct file {
	const char *path; /* borrowed */
	uint32_t first, points; /* worlds; one when it is refused */
};

struct worlds {
	uint32_t count;
	uint64_t first; /* seed */
	struct file *files; /* NULL: seeds */
	uint32_t file_count;
	struct scenario *scenario; /* the one that was read last */
	struct sweep_point point;
	bool read;
	uint32_t of; /* the world, or the file */
	char *complaint; /* NULL: it is valid */
};

static struct worlds *
worlds_create(void)
{
	struct worlds *worlds = calloc(1, sizeof(*worlds));

	if (worlds != NULL)
		worlds->scenario = calloc(1, sizeof(*worlds->scenario));
	if (worlds == NULL || worlds->scenario == NULL)
		abort();
	return worlds;
}

void
worlds_destroy(struct worlds *worlds)
{
	if (worlds == NULL)
		return;
	sweep_point_release(&worlds->point);
	scenario_release(worlds->scenario);
	free(worlds->scenario);
	free(worlds->complaint);
	free(worlds->files);
	free(worlds);
}

struct worlds *
worlds_of_seeds(uint64_t first, uint32_t count)
{
	struct worlds *worlds = worlds_create();

	worlds->first = first;
	worlds->count = count;
	return worlds;
}

uint32_t
worlds_count(const struct worlds *worlds)
{
	return worlds->count;
}

bool
worlds_are_seeds(const struct worlds *worlds)
{
	return worlds->files == NULL;
}

uint64_t
worlds_seed(const struct worlds *worlds, uint32_t index)
{
	return worlds->first + index;
}

/* ---- reading ---- */

static void
scenario_take(struct worlds *worlds, uint32_t of, const char *path,
	      const char *text, size_t text_size)
{
	char *complaint = NULL;
	size_t size = 0;
	FILE *talk = open_memstream(&complaint, &size);
	bool valid;

	if (talk == NULL)
		abort();
	valid = scenario_parse(worlds->scenario, path, text, text_size, NULL, 0,
			       talk) == 0;
	if (fclose(talk) != 0)
		abort();
	if (valid) {
		free(complaint);
		complaint = NULL;
	}
	free(worlds->complaint);
	worlds->complaint = complaint;
	worlds->read = true;
	worlds->of = of;
}

/* False: said. */
static bool
file_read(struct worlds *worlds, uint32_t number)
{
	const char *path = worlds->files[number].path;
	size_t size;
	char *text = scenario_read(path, &size);

	if (text == NULL)
		return false;
	scenario_take(worlds, number, path, text, size);
	free(text);
	return true;
}

struct worlds *
worlds_of_files(char *const *paths, int count)
{
	struct worlds *worlds = worlds_create();

	worlds->file_count = (uint32_t)count;
	worlds->files = calloc(worlds->file_count, sizeof(*worlds->files));
	if (worlds->files == NULL)
		abort();
	for (uint32_t i = 0; i < worlds->file_count; i++) {
		struct file *file = &worlds->files[i];

		*file = (struct file){ .path = paths[i],
				       .first = worlds->count };
		if (!file_read(worlds, i)) {
			worlds_destroy(worlds);
			return NULL;
		}
		file->points = worlds->complaint != NULL
				       ? 1
				       : sweep_point_count(worlds->scenario);
		worlds->count += file->points;
	}
	return worlds;
}

static uint32_t
file_of(const struct worlds *worlds, uint32_t index)
{
	uint32_t number = worlds->file_count - 1;

	while (worlds->files[number].first > index)
		number--;
	return number;
}

char *
worlds_text(const struct worlds *worlds, uint32_t index)
{
	char *text = generator_scenario(worlds_seed(worlds, index));

	if (text == NULL)
		abort();
	return text;
}

/* Of seeds the world's scenario, of files the world's file is read. */
static bool
world_read(struct worlds *worlds, uint32_t index)
{
	uint32_t of = worlds_are_seeds(worlds) ? index : file_of(worlds, index);
	char path[64], *text;

	if (worlds->read && worlds->of == of)
		return true;
	if (!worlds_are_seeds(worlds))
		return file_read(worlds, of);
	text = worlds_text(worlds, index);
	(void)snprintf(path, sizeof(path), "explore-%" PRIu64 ".yaml",
		       worlds_seed(worlds, index));
	scenario_take(worlds, of, path, text, strlen(text));
	free(text);
	return true;
}

const struct settings *
worlds_settings(struct worlds *worlds, uint32_t index, char **reason)
{
	uint32_t point = 0;
	const char *why = "the file cannot be read any more";

	*reason = NULL;
	if (world_read(worlds, index))
		why = worlds->complaint;
	if (why == NULL) {
		if (!worlds_are_seeds(worlds))
			point = index -
				worlds->files[file_of(worlds, index)].first;
		sweep_point_make(worlds->scenario, point, &worlds->point);
		return &worlds->point.settings;
	}
	*reason = strdup(why);
	if (*reason == NULL)
		abort();
	return NULL;
}

/* ---- words ---- */

const char *
worlds_name(struct worlds *worlds, uint32_t index, char *name)
{
	const struct file *file;
	char label[SWEEP_LABEL], *reason = NULL;

	if (worlds_are_seeds(worlds)) {
		(void)snprintf(name, WORLDS_NAME, "seed %" PRIu64,
			       worlds_seed(worlds, index));
		return name;
	}
	file = &worlds->files[file_of(worlds, index)];
	(void)snprintf(name, WORLDS_NAME, "%s", file->path);
	if (file->points > 1 &&
	    worlds_settings(worlds, index, &reason) != NULL) {
		sweep_point_label(worlds->scenario, &worlds->point, label);
		(void)snprintf(name, WORLDS_NAME, "%.100s (%s)", file->path,
			       label);
	}
	free(reason);
	return name;
}

const char *
worlds_stem(struct worlds *worlds, uint32_t index, char *name)
{
	const struct file *file;
	char *reason;

	if (worlds_are_seeds(worlds)) {
		(void)snprintf(name, WORLDS_NAME, "explore-%" PRIu64,
			       worlds_seed(worlds, index));
		return name;
	}
	file = &worlds->files[file_of(worlds, index)];
	(void)worlds_settings(worlds, index, &reason);
	free(reason);
	if (file->points > 1)
		(void)snprintf(name, WORLDS_NAME, "%s-%u",
			       worlds->scenario->name, index - file->first + 1);
	else
		(void)snprintf(name, WORLDS_NAME, "%s", worlds->scenario->name);
	return name;
}

void
worlds_arguments(const struct worlds *worlds, uint32_t index, uint32_t count,
		 FILE *file)
{
	uint32_t number;

	if (worlds_are_seeds(worlds)) {
		fprintf(file, "--seed %" PRIu64 " --seeds %u",
			worlds_seed(worlds, index), count);
		return;
	}
	number = file_of(worlds, index);
	for (uint32_t i = number; i < worlds->file_count; i++) {
		if (worlds->files[i].first >= index + count)
			break;
		if (i > number)
			fputc(' ', file);
		shell_word_print(worlds->files[i].path, file);
	}
}

/* As they were read; what is refused, too. */
static void
files_agree(struct worlds *worlds, FILE *file)
{
	for (uint32_t i = 0; i < worlds->file_count; i++) {
		char *text = NULL;

		if (file_read(worlds, i) && worlds->complaint == NULL)
			text = scenario_dump_text(worlds->scenario);
		fprintf(file, "%s\n%s\n", worlds->files[i].path,
			text != NULL ? text : "refused");
		free(text);
	}
}

char *
worlds_agreed(struct worlds *worlds)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (file == NULL)
		abort();
	if (worlds_are_seeds(worlds))
		worlds_arguments(worlds, 0, worlds->count, file);
	else
		files_agree(worlds, file);
	if (fclose(file) != 0)
		abort();
	return text;
}
