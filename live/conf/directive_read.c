/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * directive_read.c - values out of words
 *
 * Every complaint points at the word that is wrong, or behind the last word
 * when one is missing. A value that is complained of leaves the default.
 *
 * Addresses are unicast and have no scope: a service is anycast but looks
 * like any other, the rest are loopback addresses that the fabric routes. An
 * IPv4 address in IPv6 clothes (::ffff:192.0.2.1) would be a second name for
 * the same host, so it is refused.
 */
#include "live/conf/directive.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/un.h>

#include "live/conf/did_you_mean.h"
#include "live/conf/units.h"

_Static_assert(WORD_BYTES > CONF_COMMAND, "a command of full length is read");

void
directive_complain(struct directive_reader *reader, struct mark mark,
		   const char *format, ...)
{
	va_list arguments;

	if (++reader->problems > DIRECTIVE_PROBLEMS)
		return;
	fprintf(reader->talk, "%s:%u:%u: ", reader->path, mark.line,
		mark.column);
	va_start(arguments, format);
	vfprintf(reader->talk, format, arguments);
	va_end(arguments);
	fputc('\n', reader->talk);
}

static struct mark
mark_of(const struct directive_reader *reader, const struct word *word)
{
	return (struct mark){
		.line = reader->tokenizer.line,
		.column = word->column,
	};
}

/* The index'th word of the line; NULL after complaining that `what` is
 * missing. */
static const struct word *
word_at(struct directive_reader *reader, uint32_t index, const char *what)
{
	const struct tokenizer *tokenizer = &reader->tokenizer;

	if (index < tokenizer->count)
		return &tokenizer->words[index];
	directive_complain(reader,
			   (struct mark){ tokenizer->line, tokenizer->end },
			   "'%s' lacks %s", tokenizer->words[0].text, what);
	return NULL;
}

/* Nothing may follow the first `count` words. */
static bool
line_ends(struct directive_reader *reader, uint32_t count)
{
	const struct tokenizer *tokenizer = &reader->tokenizer;

	if (tokenizer->count <= count)
		return true;
	directive_complain(reader, mark_of(reader, &tokenizer->words[count]),
			   "unexpected '%s' at the end",
			   tokenizer->words[count].text);
	return false;
}

/*
 * Addresses
 */

static bool
address_is_ordinary(const struct address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t none[16];
	const uint8_t *bytes = address->bytes;

	if (address->family == 4)
		return bytes[0] != 0 && bytes[0] < 224;
	return memcmp(bytes, none, sizeof(none)) != 0 && bytes[0] != 0xff &&
	       !(bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) &&
	       memcmp(bytes, mapped, sizeof(mapped)) != 0;
}

static bool
address_is_loopback(const struct address *address)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (address->family == 4)
		return address->bytes[0] == 127;
	return memcmp(address->bytes, one, sizeof(one)) == 0;
}

static bool
address_read(struct directive_reader *reader, const struct word *word,
	     struct address *address)
{
	*address = (struct address){ .family = 4 };
	if (inet_pton(AF_INET, word->text, address->bytes) != 1) {
		address->family = 6;
		if (inet_pton(AF_INET6, word->text, address->bytes) != 1) {
			directive_complain(reader, mark_of(reader, word),
					   "'%s' is not an IPv4 or IPv6 "
					   "address",
					   word->text);
			return false;
		}
	}
	if (address_is_ordinary(address))
		return true;
	directive_complain(reader, mark_of(reader, word),
			   "'%s' is no unicast address without a scope",
			   word->text);
	return false;
}

/*
 * Numbers
 */

/* Numbers are whole, so "1.5s" is not one: what is? False: there is no point in
 * it. */
static bool
fraction_complain(struct directive_reader *reader, struct mark mark,
		  const char *text, enum units_kind kind)
{
	char whole[UNITS_TEXT];
	int64_t value;

	if (text[strspn(text, "0123456789")] != '.')
		return false;
	if (units_parse_fraction(kind, text, &value) == UNITS_OK) {
		units_format(kind, value, whole);
		directive_complain(reader, mark,
				   "'%s' is not whole; write '%s'", text,
				   whole);
	} else {
		directive_complain(
			reader, mark, "'%s' is not a whole number%s%s", text,
			kind == UNITS_COUNT ? "" : " of: ", units_names(kind));
	}
	return true;
}

static bool
number_read(struct directive_reader *reader, const char *name,
	    const struct word *word, enum units_kind kind, int64_t low,
	    int64_t high, int64_t *value)
{
	struct mark mark = mark_of(reader, word);
	enum units_error error = units_parse(kind, word->text, value);
	char least[UNITS_TEXT], most[UNITS_TEXT];

	switch (error) {
	case UNITS_OK:
		if (*value >= low && *value <= high)
			return true;
		break;
	case UNITS_NEGATIVE:
	case UNITS_FINE: /* of no grammar without fractions */
	case UNITS_LARGE:
		break;
	case UNITS_SYNTAX:
		directive_complain(reader, mark, "'%s' is not a number",
				   word->text);
		return false;
	case UNITS_UNIT_MISSING:
		directive_complain(reader, mark,
				   "'%s' lacks its unit, one of: %s",
				   word->text, units_names(kind));
		return false;
	case UNITS_UNIT_UNKNOWN:
		if (fraction_complain(reader, mark, word->text, kind))
			return false;
		if (kind == UNITS_COUNT)
			directive_complain(reader, mark,
					   "'%s' is not a plain number",
					   word->text);
		else
			directive_complain(reader, mark,
					   "unknown unit in '%s', known: %s",
					   word->text, units_names(kind));
		return false;
	}
	units_format(kind, low, least);
	units_format(kind, high, most);
	directive_complain(reader, mark, "'%s' must be %s to %s, not '%s'",
			   name, least, most, word->text);
	return false;
}

static void
number_set(const struct directive *directive, struct conf *conf, int64_t value)
{
	uint8_t *at = (uint8_t *)conf + directive->offset;
	uint32_t count = (uint32_t)value;
	uint16_t port = (uint16_t)value;

	/* number_read() has checked that it fits. */
	if (directive->size == sizeof(value))
		memcpy(at, &value, sizeof(value));
	else if (directive->size == sizeof(count))
		memcpy(at, &count, sizeof(count));
	else
		memcpy(at, &port, sizeof(port));
}

static void
number_directive(struct directive_reader *reader,
		 const struct directive *directive, enum units_kind kind)
{
	const struct word *word = word_at(reader, 1, "a number");
	int64_t value;

	if (word != NULL && line_ends(reader, 2) &&
	    number_read(reader, directive->name, word, kind, directive->low,
			directive->high, &value))
		number_set(directive, reader->conf, value);
}

/*
 * Address and port
 */

/* NAME ADDRESS [port N], the port needed or not; *port is 0 without one. */
static bool
endpoint_read(struct directive_reader *reader, bool needed,
	      struct address *address, uint16_t *port)
{
	const struct word *word = word_at(reader, 1, "an address");
	int64_t value = 0;

	if (word == NULL || !address_read(reader, word, address))
		return false;
	*port = 0;
	if (!needed && reader->tokenizer.count == 2)
		return true;

	word = word_at(reader, 2, "'port' and its number");
	if (word == NULL)
		return false;
	if (strcmp(word->text, "port") != 0) {
		directive_complain(reader, mark_of(reader, word),
				   "unexpected '%s'; only 'port' may follow",
				   word->text);
		return false;
	}
	word = word_at(reader, 3, "the number of the port");
	if (word == NULL || !line_ends(reader, 4) ||
	    !number_read(reader, "port", word, UNITS_COUNT, 1, UINT16_MAX,
			 &value))
		return false;
	*port = (uint16_t)value;
	return true;
}

/* Room for one more? */
static bool
many_fits(struct directive_reader *reader, uint32_t count, uint32_t most)
{
	if (count < most)
		return true;
	directive_complain(reader, mark_of(reader, &reader->tokenizer.words[0]),
			   "more than %" PRIu32 " times '%s'", most,
			   reader->tokenizer.words[0].text);
	return false;
}

static void
service_directive(struct directive_reader *reader)
{
	struct conf *conf = reader->conf;
	struct steer_service service = { 0 };

	if (!many_fits(reader, conf->service_count, CONF_SERVICES) ||
	    !endpoint_read(reader, false, &service.address, &service.port))
		return;
	reader->services[conf->service_count] =
		mark_of(reader, &reader->tokenizer.words[1]);
	conf->services[conf->service_count++] = service;
}

static void
peer_directive(struct directive_reader *reader)
{
	struct conf *conf = reader->conf;
	struct endpoint peer = { 0 };

	if (!many_fits(reader, conf->peer_count, CONF_PEERS) ||
	    !endpoint_read(reader, false, &peer.address, &peer.port))
		return;
	reader->peers[conf->peer_count] =
		mark_of(reader, &reader->tokenizer.words[1]);
	conf->peers[conf->peer_count++] = peer;
}

static void
metrics_directive(struct directive_reader *reader)
{
	const struct word *word = word_at(reader, 1, "'off' or an address");
	struct endpoint endpoint = { 0 };

	if (word == NULL)
		return;
	if (strcmp(word->text, "off") == 0) {
		if (line_ends(reader, 2))
			reader->conf->prometheus = endpoint;
		return;
	}
	if (!endpoint_read(reader, true, &endpoint.address, &endpoint.port))
		return;
	if (!address_is_loopback(&endpoint.address)) {
		directive_complain(reader, mark_of(reader, word),
				   "'%s' is no loopback address; metrics are "
				   "not for the network",
				   word->text);
		return;
	}
	reader->conf->prometheus = endpoint;
}

/*
 * Texts
 */

static void
text_set(char *to, size_t size, const char *from)
{
	size_t length = strlen(from);

	assert(length < size);
	memset(to, 0, size);
	memcpy(to, from, length);
}

/* What the kernel's dev_valid_name() takes, less what would be a pattern. */
static bool
is_interface(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < CONF_NAME && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && strpbrk(name, "/: \t%") == NULL;
}

/* As useradd(8) would make, or none. */
static bool
is_user(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char others[] = "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				     "0123456789.-";
	size_t length = strlen(name);

	return length == 0 || (length < sizeof(((struct conf *)0)->user) &&
			       strchr(letters, name[0]) != NULL &&
			       strspn(name, others) == length);
}

static bool
is_path(const char *name)
{
	return name[0] == '/' && name[strlen(name) - 1] != '/' &&
	       strlen(name) < CONF_PATH;
}

/* What is wrong with a text of this kind; NULL: nothing. */
static const char *
text_problem(const struct directive *directive, const char *text)
{
	switch (directive->kind) {
	case DIRECTIVE_UPLINK:
	case DIRECTIVE_INTERFACE:
		return is_interface(text) ? NULL : "is not an interface's name";
	case DIRECTIVE_USER:
		return is_user(text) ? NULL : "is not a user's name";
	case DIRECTIVE_COMMAND:
		return strlen(text) < CONF_COMMAND ? NULL : "is too long";
	default:
		break;
	}
	if (!is_path(text))
		return "is not an absolute path of a file, of at most 255 "
		       "bytes";
	if (directive->offset == offsetof(struct conf, control) &&
	    strlen(text) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return "is too long for a Unix socket";
	return NULL;
}

/* The text, or NULL after a complaint. */
static const struct word *
text_read(struct directive_reader *reader, const struct directive *directive)
{
	const struct word *word = word_at(reader, 1, "its value");

	if (word == NULL || !line_ends(reader, 2))
		return NULL;
	const char *problem = text_problem(directive, word->text);
	if (problem == NULL)
		return word;
	directive_complain(reader, mark_of(reader, word), "'%s' %s", word->text,
			   problem);
	return NULL;
}

static void
uplink_directive(struct directive_reader *reader,
		 const struct directive *directive)
{
	struct conf *conf = reader->conf;
	const struct word *word = text_read(reader, directive);

	if (word == NULL ||
	    !many_fits(reader, conf->uplink_count, CONF_UPLINKS))
		return;
	reader->uplinks[conf->uplink_count] = mark_of(reader, word);
	text_set(conf->uplinks[conf->uplink_count++], CONF_NAME, word->text);
}

static void
text_directive(struct directive_reader *reader,
	       const struct directive *directive)
{
	const struct word *word = text_read(reader, directive);

	if (word != NULL)
		text_set((char *)reader->conf + directive->offset,
			 directive->size, word->text);
}

/*
 * One of a few words
 */

struct choice {
	const char *name;
	int value;
};

static bool
choice_read(struct directive_reader *reader, const struct choice *choices,
	    uint32_t count, int *value)
{
	const struct word *word = word_at(reader, 1, "its value");
	char names[64] = "", hint[96];

	if (word == NULL || !line_ends(reader, 2))
		return false;
	struct did_you_mean did_you_mean = did_you_mean_start(word->text);
	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(choices[i].name, word->text) == 0) {
			*value = choices[i].value;
			return true;
		}
		did_you_mean_offer(&did_you_mean, choices[i].name);
		size_t length = strlen(names);
		snprintf(names + length, sizeof(names) - length, " %s",
			 choices[i].name);
	}
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	directive_complain(reader, mark_of(reader, word),
			   "'%s' is not one of:%s%s", word->text, names, hint);
	return false;
}

static void
choice_directive(struct directive_reader *reader,
		 const struct directive *directive)
{
	static const struct choice windows[] = {
		{ "off", STEER_WINDOW_OFF },
		{ "other", STEER_WINDOW_OTHER },
		{ "both", STEER_WINDOW_BOTH },
	};
	static const struct choice store_ats[] = {
		{ "auto", STEER_STORE_AUTO },
		{ "syn", STEER_STORE_SYN },
		{ "established", STEER_STORE_ESTABLISHED },
	};
	static const struct choice truths[] = { { "yes", 1 }, { "no", 0 } };
	int value;

	if (directive->kind == DIRECTIVE_WINDOW) {
		if (choice_read(reader, windows, 3, &value))
			reader->conf->steer.first_stray =
				(enum steer_window)value;
	} else if (directive->kind == DIRECTIVE_STORE_AT) {
		if (choice_read(reader, store_ats, 3, &value))
			reader->conf->steer.store_at =
				(enum steer_store_at)value;
	} else if (choice_read(reader, truths, 2, &value)) {
		bool truth = value != 0;
		memcpy((uint8_t *)reader->conf + directive->offset, &truth,
		       sizeof(truth));
	}
}

void
directive_read(struct directive_reader *reader,
	       const struct directive *directive)
{
	const struct word *word;

	switch (directive->kind) {
	case DIRECTIVE_ADDRESS:
		word = word_at(reader, 1, "an address");
		if (word != NULL && line_ends(reader, 2))
			address_read(reader, word, &reader->conf->self.address);
		break;
	case DIRECTIVE_SERVICE:
		service_directive(reader);
		break;
	case DIRECTIVE_UPLINK:
		uplink_directive(reader, directive);
		break;
	case DIRECTIVE_PEER:
		peer_directive(reader);
		break;
	case DIRECTIVE_METRICS:
		metrics_directive(reader);
		break;
	case DIRECTIVE_INTERFACE:
	case DIRECTIVE_PATH:
	case DIRECTIVE_USER:
	case DIRECTIVE_COMMAND:
		text_directive(reader, directive);
		break;
	case DIRECTIVE_SWITCH:
	case DIRECTIVE_WINDOW:
	case DIRECTIVE_STORE_AT:
		choice_directive(reader, directive);
		break;
	case DIRECTIVE_TIME:
		number_directive(reader, directive, UNITS_TIME);
		break;
	case DIRECTIVE_BYTES:
		number_directive(reader, directive, UNITS_BYTES);
		break;
	case DIRECTIVE_PORT:
	case DIRECTIVE_COUNT:
		number_directive(reader, directive, UNITS_COUNT);
		break;
	}
}
