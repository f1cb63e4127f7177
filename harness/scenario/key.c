/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * key.c - parsing and printing one value; the table itself is key_table.c
 *
 * All numbers of a scenario are non-negative and below 2^63, whatever member
 * they live in, so one uint64_t carries each between text and struct.
 */
#include "harness/scenario/key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "live/conf/did_you_mean.h"
#include "live/conf/units.h"
#include "sim/model/settings.h"

const struct key *
key_find(const struct key_table *table, const char *path)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->keys[i].path, path) == 0)
			return &table->keys[i];
	return NULL;
}

const struct key_alias *
key_alias_find(const char *path)
{
	for (const struct key_alias *alias = key_aliases(); alias->path != NULL;
	     alias++)
		if (strcmp(alias->path, path) == 0)
			return alias;
	return NULL;
}

struct key_place
key_named(const char *path)
{
	const struct key_alias *alias = key_alias_find(path);

	return (struct key_place){
		.key = key_find(key_settings(),
				alias != NULL ? alias->now : path),
		.alias = alias,
	};
}

const char *
key_world_name(enum key_world world)
{
	static const char *const names[] = {
		[KEY_BOTH] = "both",
		[KEY_SIMULATED] = "simulated",
		[KEY_LIVE] = "live",
	};

	return names[world];
}

const struct key *
key_lab_refuses(const void *settings, char *error)
{
	const struct key_table *table = key_settings();

	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		char text[KEY_TEXT];

		if (key->lab == NULL)
			continue;
		key_format(key, settings, text);
		if (strcmp(text, key->lab) == 0)
			continue;
		snprintf(error, KEY_ERROR,
			 "%s: %s is simulated; a lab takes %s", key->path, text,
			 key->lab);
		return key;
	}
	return NULL;
}

bool
key_is_of_one_world(const char *path)
{
	const struct key_table *table = key_settings();
	size_t size = strlen(path);
	const struct key *key;
	char whole[KEY_TEXT];
	int end = 0;

	if (sscanf(path, "events.%*[0-9].%n", &end) == 0 && end > 0) {
		table = key_faults();
		path += end;
		size -= (size_t)end;
	}
	/* An item of a list is a line of its own: "routing.hop_ms.1". */
	while (size > 0 && path[size - 1] >= '0' && path[size - 1] <= '9')
		size--;
	if (size > 0 && path[size - 1] == '.')
		size--;
	else
		size = strlen(path);
	if (size >= sizeof(whole))
		return false;
	memcpy(whole, path, size);
	whole[size] = '\0';
	key = key_find(table, whole);
	return key != NULL && key->world != KEY_BOTH;
}

const char *
key_alias_value(const struct key_alias *alias, const char *text)
{
	if (alias->words == NULL)
		return text;
	for (const struct key_word *word = alias->words; word->before != NULL;
	     word++)
		if (strcmp(word->before, text) == 0)
			return word->now;
	return NULL;
}

const char *
key_alias_before(const struct key_alias *alias, const char *text)
{
	if (alias->words == NULL)
		return text;
	for (const struct key_word *word = alias->words; word->before != NULL;
	     word++)
		if (strcmp(word->now, text) == 0)
			return word->before;
	return NULL;
}

const char *
key_leaf(const struct key *key)
{
	const char *dot = strrchr(key->path, '.');

	return dot != NULL ? dot + 1 : key->path;
}

bool
key_same(const struct key *key, const void *one, const void *other)
{
	return memcmp((const uint8_t *)one + key->offset,
		      (const uint8_t *)other + key->offset, key->width) == 0;
}

static uint64_t
member_load(const struct key *key, const void *structure)
{
	const uint8_t *member = (const uint8_t *)structure + key->offset;
	uint64_t wide;
	uint32_t word;
	uint16_t half;

	switch (key->width) {
	case 1:
		return *member;
	case 2:
		memcpy(&half, member, sizeof(half));
		return half;
	case 4:
		memcpy(&word, member, sizeof(word));
		return word;
	default:
		memcpy(&wide, member, sizeof(wide));
		return wide;
	}
}

static void
member_store(const struct key *key, void *structure, uint64_t value)
{
	uint8_t *member = (uint8_t *)structure + key->offset;
	uint32_t word = (uint32_t)value;
	uint16_t half = (uint16_t)value;

	switch (key->width) {
	case 1:
		*member = (uint8_t)value;
		break;
	case 2:
		memcpy(member, &half, sizeof(half));
		break;
	case 4:
		memcpy(member, &word, sizeof(word));
		break;
	default:
		memcpy(member, &value, sizeof(value));
	}
}

void
key_range(const struct key *key, char *text)
{
	char low[UNITS_TEXT], high[UNITS_TEXT];

	text[0] = '\0';
	if (key->type != KEY_COUNT && key->type != KEY_AMOUNT &&
	    key->type != KEY_SPAN)
		return;
	units_format_decimal(key->low, key->scale, low, sizeof(low));
	units_format_decimal(key->high, key->scale, high, sizeof(high));
	snprintf(text, KEY_TEXT, "%.29s..%.29s", low, high);
}

void
key_kind(const struct key *key, char *text)
{
	size_t used = 0;

	switch (key->type) {
	case KEY_SWITCH:
		snprintf(text, KEY_ERROR, "on or off");
		break;
	case KEY_CHOICE:
		for (unsigned i = 0; key->name(i) != NULL; i++) {
			const char *comma = i == 0 ? "" : ", ";
			int written = snprintf(text + used, KEY_ERROR - used,
					       "%s%s", comma, key->name(i));

			if (written > 0 && used + (size_t)written < KEY_ERROR)
				used += (size_t)written;
		}
		break;
	case KEY_COUNT:
		snprintf(text, KEY_ERROR, "a whole number");
		break;
	case KEY_AMOUNT:
		snprintf(text, KEY_ERROR, "%s%s%s", key->unit,
			 key->word != NULL ? ", or " : "",
			 key->word != NULL ? key->word : "");
		break;
	case KEY_SPAN:
		snprintf(text, KEY_ERROR, "[low, high] in %s", key->unit);
		break;
	case KEY_SECRET:
		snprintf(text, KEY_ERROR, "32 hexadecimal digits");
		break;
	case KEY_SIZES:
		snprintf(text, KEY_ERROR, "a list of [bytes, percent]");
		break;
	case KEY_TARGET:
		snprintf(text, KEY_ERROR, "the name of a device or link");
		break;
	}
}

/* What one base unit is called. */
static const char *
finest(const struct key *key)
{
	if (key->unit == NULL)
		return "one";
	if (strstr(key->unit, "bits") != NULL)
		return "a bit a second";
	if (strstr(key->unit, "bytes") != NULL)
		return "a byte";
	if (strncmp(key->unit, "percent", strlen("percent")) == 0)
		return "0.0001 percent";
	if (strcmp(key->unit, KEY_NUMBER) == 0)
		return "0.001";
	return "a nanosecond";
}

static int
number_parse(const struct key *key, const char *text, uint64_t *value,
	     char *error)
{
	const char *name = key_leaf(key);
	char range[KEY_TEXT];
	enum units_error problem;

	if (key->word != NULL && strcmp(text, key->word) == 0) {
		*value = UINT64_MAX;
		return 0;
	}
	/* A count is written without a point, even "4.0" is an error. */
	problem = key->unit == NULL && strchr(text, '.') != NULL
			  ? UNITS_SYNTAX
			  : units_decimal(text, key->scale, value);
	key_range(key, range);
	if (problem == UNITS_SYNTAX) {
		bool named =
			key->unit != NULL && strcmp(key->unit, KEY_NUMBER) != 0;
		snprintf(error, KEY_ERROR, "%s takes %s%s%s%s, not '%.60s'",
			 name,
			 named		     ? "a number of "
			 : key->unit != NULL ? KEY_NUMBER
					     : "a whole number",
			 named ? key->unit : "",
			 key->word != NULL ? " or " : "",
			 key->word != NULL ? key->word : "", text);
		return -1;
	}
	if (problem == UNITS_FINE) {
		snprintf(error, KEY_ERROR, "%s: %.40s %s is finer than %s",
			 name, text, key->unit, finest(key));
		return -1;
	}
	if (problem == UNITS_LARGE || *value < key->low || *value > key->high) {
		snprintf(error, KEY_ERROR, "%s: %.40s is outside %s", name,
			 text, range);
		return -1;
	}
	return 0;
}

static int
switch_parse(const struct key *key, const char *text, uint64_t *value,
	     char *error)
{
	static const struct {
		const char *word;
		uint64_t value;
	} words[] = {
		{ "on", 1 },	{ "off", 0 }, { "true", 1 },
		{ "false", 0 }, { "yes", 1 }, { "no", 0 },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i].word) == 0) {
			*value = words[i].value;
			return 0;
		}
	}
	snprintf(error, KEY_ERROR, "%s takes on or off, not '%.60s'",
		 key_leaf(key), text);
	return -1;
}

static int
choice_parse(const struct key *key, const char *text, uint64_t *value,
	     char *error)
{
	struct did_you_mean did_you_mean = did_you_mean_start(text);
	char hint[KEY_TEXT], kind[KEY_ERROR];

	for (unsigned i = 0; key->name(i) != NULL; i++) {
		if (strcmp(text, key->name(i)) == 0) {
			/* Families are named 4 and 6, and are these numbers. */
			*value = key->low + i * key->scale;
			return 0;
		}
		did_you_mean_offer(&did_you_mean, key->name(i));
	}
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	if (hint[0] == '\0') {
		key_kind(key, kind);
		snprintf(error, KEY_ERROR,
			 "%s takes one of %.120s; not '%.40s'", key_leaf(key),
			 kind, text);
	} else {
		snprintf(error, KEY_ERROR, "%s cannot be '%.60s'%s",
			 key_leaf(key), text, hint);
	}
	return -1;
}

static int
span_parse(const struct key *key, void *structure, const char *text,
	   char *error)
{
	char low_text[KEY_TEXT] = "", high_text[KEY_TEXT] = "";
	uint64_t low, high;
	struct span span;
	int end = 0;

	if (text[0] != '[') {
		if (number_parse(key, text, &low, error) != 0)
			return -1;
		high = low;
	} else {
		if (sscanf(text, "[%31[0-9.], %31[0-9.]]%n", low_text,
			   high_text, &end) != 2 ||
		    end == 0 || text[end] != '\0') {
			snprintf(error, KEY_ERROR,
				 "%s takes [low, high] in %s, not '%.60s'",
				 key_leaf(key), key->unit, text);
			return -1;
		}
		if (number_parse(key, low_text, &low, error) != 0 ||
		    number_parse(key, high_text, &high, error) != 0)
			return -1;
		if (low > high) {
			snprintf(error, KEY_ERROR,
				 "%s: the low end %s is above the high end %s",
				 key_leaf(key), low_text, high_text);
			return -1;
		}
	}
	span.low_ns = (int64_t)low;
	span.high_ns = (int64_t)high;
	memcpy((uint8_t *)structure + key->offset, &span, sizeof(span));
	return 0;
}

/* Of a hexadecimal digit. */
static unsigned
nibble(char digit)
{
	if (digit <= '9')
		return (unsigned)(digit - '0');
	return ((unsigned)digit | 0x20u) - 'a' + 10;
}

static int
secret_parse(const struct key *key, void *structure, const char *text,
	     char *error)
{
	struct siphash_key secret;

	if (strlen(text) == 2 * sizeof(secret.bytes) &&
	    strspn(text, "0123456789abcdefABCDEF") == strlen(text)) {
		for (size_t i = 0; i < sizeof(secret.bytes); i++) {
			secret.bytes[i] = (uint8_t)(nibble(text[2 * i]) << 4 |
						    nibble(text[2 * i + 1]));
		}
		memcpy((uint8_t *)structure + key->offset, &secret,
		       sizeof(secret));
		return 0;
	}
	snprintf(error, KEY_ERROR,
		 "%s takes 32 hexadecimal digits, not '%.60s'", key_leaf(key),
		 text);
	return -1;
}

static int
target_parse(const struct key *key, void *structure, const char *text,
	     char *error)
{
	size_t size = strlen(text);

	if (size >= key->width || strspn(text, "abcdefghijklmnopqrstuvwxyz"
					       "0123456789-*?") != size) {
		snprintf(error, KEY_ERROR,
			 "%s takes the name of a device or link, not '%.60s'",
			 key_leaf(key), text);
		return -1;
	}
	memset((uint8_t *)structure + key->offset, 0, key->width);
	memcpy((uint8_t *)structure + key->offset, text, size);
	return 0;
}

static int
value_set(const struct key *key, void *structure, const char *text, char *error)
{
	uint64_t value = 0;
	int code;

	switch (key->type) {
	case KEY_SWITCH:
		code = switch_parse(key, text, &value, error);
		break;
	case KEY_CHOICE:
		code = choice_parse(key, text, &value, error);
		break;
	case KEY_SPAN:
		return span_parse(key, structure, text, error);
	case KEY_SECRET:
		return secret_parse(key, structure, text, error);
	case KEY_TARGET:
		return target_parse(key, structure, text, error);
	case KEY_SIZES:
		snprintf(error, KEY_ERROR,
			 "%s takes a list of [bytes, percent]", key_leaf(key));
		return -1;
	default:
		code = number_parse(key, text, &value, error);
	}
	if (code == 0)
		member_store(key, structure, value);
	return code;
}

int
key_set(const struct key *key, void *structure, const char *text, char *error)
{
	int code = value_set(key, structure, text, error);

	/* Of an event's 0 is not the same as nothing. */
	if (code == 0 && key->given != 0)
		((struct fault_settings *)structure)->given |= key->given;
	return code;
}

/* "service.homeward takes on, off, ..., not 'x'" */
static void
alias_refuse(const struct key_alias *alias, const char *text, char *error)
{
	int used = snprintf(error, KEY_ERROR, "%s takes ", alias->path);

	for (const struct key_word *word = alias->words; word->before != NULL;
	     word++)
		used += snprintf(error + used, (size_t)(KEY_ERROR - used),
				 "%s, ", word->before);
	snprintf(error + used, (size_t)(KEY_ERROR - used), "not '%.40s'", text);
}

int
key_place_set(const struct key_place *place, void *structure, const char *text,
	      char *error)
{
	const char *value = text;
	char reason[KEY_ERROR];

	if (place->alias == NULL)
		return key_set(place->key, structure, text, error);
	value = key_alias_value(place->alias, text);
	if (value == NULL) {
		alias_refuse(place->alias, text, error);
		return -1;
	}
	if (key_set(place->key, structure, value, reason) == 0)
		return 0;
	snprintf(error, KEY_ERROR, "%s, now %s: %.*s", place->alias->path,
		 place->alias->now, KEY_ERROR / 2, reason);
	return -1;
}

static void
span_format(const struct key *key, const void *structure, char *text)
{
	char low[UNITS_TEXT], high[UNITS_TEXT];
	struct span span;

	memcpy(&span, (const uint8_t *)structure + key->offset, sizeof(span));
	units_format_decimal((uint64_t)span.low_ns, key->scale, low,
			     sizeof(low));
	units_format_decimal((uint64_t)span.high_ns, key->scale, high,
			     sizeof(high));
	snprintf(text, KEY_TEXT, "[%.28s, %.28s]", low, high);
}

static void
number_format(const struct key *key, uint64_t value, char *text)
{
	if (key->word != NULL && value == UINT64_MAX)
		snprintf(text, KEY_TEXT, "%s", key->word);
	else
		units_format_decimal(value, key->scale, text, KEY_TEXT);
}

void
key_format(const struct key *key, const void *structure, char *text)
{
	const uint8_t *member = (const uint8_t *)structure + key->offset;
	const char *name = NULL;

	switch (key->type) {
	case KEY_SWITCH:
		snprintf(text, KEY_TEXT, "%s",
			 member_load(key, structure) != 0 ? "on" : "off");
		break;
	case KEY_CHOICE:
		name = key->name(
			(unsigned)((member_load(key, structure) - key->low) /
				   key->scale));
		snprintf(text, KEY_TEXT, "%s", name != NULL ? name : "");
		break;
	case KEY_SPAN:
		span_format(key, structure, text);
		break;
	case KEY_SECRET:
		for (size_t i = 0; i < 16; i++)
			snprintf(text + 2 * i, KEY_TEXT - 2 * i, "%02x",
				 member[i]);
		break;
	case KEY_TARGET:
		snprintf(text, KEY_TEXT, "%s", (const char *)member);
		break;
	case KEY_SIZES:
		text[0] = '\0';
		break;
	default:
		number_format(key, member_load(key, structure), text);
	}
}
