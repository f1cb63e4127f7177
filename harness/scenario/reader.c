/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader.c - libyaml with marks
 *
 * YAML 1.1 as libyaml reads it. Aliases are followed (a document may name a
 * link's settings once), but nothing is ever expanded here: the reader of a
 * scenario only descends as deep as the keys do, so neither a cycle nor a
 * document that doubles itself costs anything.
 */
#include "harness/scenario/reader.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static void
complain(struct reader *reader, struct reader_mark mark, const char *format,
	 va_list arguments)
{
	char message[512];

	if (reader->problems++ >= READER_PROBLEMS)
		return;
	vsnprintf(message, sizeof(message), format, arguments);
	/* What a file says must not drive a terminal. */
	for (char *c = message; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	if (reader->option || mark.line == 0)
		fprintf(reader->talk, "%s: %s\n", reader->name, message);
	else
		fprintf(reader->talk, "%s:%u:%u: %s\n", reader->name, mark.line,
			mark.column, message);
}

void
reader_complain_at(struct reader *reader, struct reader_mark mark,
		   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(reader, mark, format, arguments);
	va_end(arguments);
}

void
reader_complain(struct reader *reader, const yaml_node_t *node,
		const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(reader, reader_mark_of(node), format, arguments);
	va_end(arguments);
}

static struct reader_mark
mark_from(yaml_mark_t mark)
{
	return (struct reader_mark){ .line = (unsigned)mark.line + 1,
				     .column = (unsigned)mark.column + 1 };
}

struct reader_mark
reader_mark_of(const yaml_node_t *node)
{
	return mark_from(node->start_mark);
}

/* Errors of encoding come with an offset only. */
static struct reader_mark
mark_of_offset(const uint8_t *bytes, size_t size, size_t offset)
{
	struct reader_mark mark = { .line = 1, .column = 1 };

	for (size_t i = 0; i < offset && i < size; i++) {
		mark.column++;
		if (bytes[i] == '\n') {
			mark.line++;
			mark.column = 1;
		}
	}
	return mark;
}

static void
complain_of_parser(struct reader *reader, const yaml_parser_t *parser,
		   const void *bytes, size_t size)
{
	const char *problem =
		parser->problem != NULL ? parser->problem : "cannot be read";

	if (parser->error == YAML_READER_ERROR)
		reader_complain_at(
			reader,
			mark_of_offset(bytes, size, parser->problem_offset),
			"%s", problem);
	else if (parser->context != NULL)
		reader_complain_at(reader, mark_from(parser->problem_mark),
				   "%s (%s)", problem, parser->context);
	else
		reader_complain_at(reader, mark_from(parser->problem_mark),
				   "%s", problem);
}

int
reader_open(struct reader *reader, const char *name, bool option,
	    const void *bytes, size_t size, FILE *talk)
{
	yaml_document_t second;
	yaml_parser_t parser;

	*reader =
		(struct reader){ .name = name, .option = option, .talk = talk };
	if (!yaml_parser_initialize(&parser)) {
		fprintf(talk, "%s: out of memory\n", name);
		reader->problems++;
		return -1;
	}
	yaml_parser_set_input_string(&parser, bytes, size);
	if (!yaml_parser_load(&parser, &reader->document)) {
		complain_of_parser(reader, &parser, bytes, size);
	} else {
		reader->loaded = true;
		if (!yaml_parser_load(&parser, &second)) {
			complain_of_parser(reader, &parser, bytes, size);
		} else {
			const yaml_node_t *root =
				yaml_document_get_root_node(&second);

			if (root != NULL)
				reader_complain(reader, root,
						"a second document; a "
						"scenario is one");
			yaml_document_delete(&second);
		}
	}
	yaml_parser_delete(&parser);
	return reader->problems == 0 ? 0 : -1;
}

void
reader_close(struct reader *reader)
{
	if (reader->loaded)
		yaml_document_delete(&reader->document);
	reader->loaded = false;
}

yaml_node_t *
reader_root(struct reader *reader)
{
	return yaml_document_get_root_node(&reader->document);
}

yaml_node_t *
reader_node(struct reader *reader, yaml_node_item_t item)
{
	return yaml_document_get_node(&reader->document, item);
}

size_t
reader_pair_count(const yaml_node_t *mapping)
{
	return (size_t)(mapping->data.mapping.pairs.top -
			mapping->data.mapping.pairs.start);
}

size_t
reader_item_count(const yaml_node_t *sequence)
{
	return (size_t)(sequence->data.sequence.items.top -
			sequence->data.sequence.items.start);
}

const char *
reader_text(struct reader *reader, const yaml_node_t *node, const char *what)
{
	const char *text;

	if (node->type != YAML_SCALAR_NODE) {
		reader_complain(reader, node,
				"%s must be a single value, "
				"not a %s",
				what,
				node->type == YAML_MAPPING_NODE ? "mapping"
								: "list");
		return NULL;
	}
	text = (const char *)node->data.scalar.value;
	if (strlen(text) != node->data.scalar.length) {
		reader_complain(reader, node, "%s contains a zero byte", what);
		return NULL;
	}
	return text;
}

bool
reader_plain(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* Is this key the same word as one before it? */
static bool
key_is_double(struct reader *reader, yaml_node_t *mapping, size_t index,
	      const char *text)
{
	yaml_node_pair_t *pairs = mapping->data.mapping.pairs.start;

	for (size_t i = 0; i < index; i++) {
		const yaml_node_t *node = reader_node(reader, pairs[i].key);

		if (node->type != YAML_SCALAR_NODE ||
		    strcmp((const char *)node->data.scalar.value, text) != 0)
			continue;
		reader_complain(reader, reader_node(reader, pairs[index].key),
				"'%.60s' is given twice; first in line %u",
				text, reader_mark_of(node).line);
		return true;
	}
	return false;
}

bool
reader_is_map(struct reader *reader, yaml_node_t *node, const char *what)
{
	bool good = true;

	if (node->type != YAML_MAPPING_NODE) {
		reader_complain(reader, node, "%s must be a mapping of keys",
				what);
		return false;
	}
	if (reader_pair_count(node) > READER_PAIRS) {
		reader_complain(reader, node, "%s has more than %d entries",
				what, READER_PAIRS);
		return false;
	}
	for (size_t i = 0; i < reader_pair_count(node); i++) {
		const char *text = reader_text(
			reader,
			reader_node(reader,
				    node->data.mapping.pairs.start[i].key),
			"a key");

		if (text == NULL || key_is_double(reader, node, i, text))
			good = false;
	}
	return good;
}
