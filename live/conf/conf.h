/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf.h - homewardd.conf(5), read and printed back
 *
 * One directive a line, `#` begins a comment, words may be "quoted":
 *
 *	address 10.0.0.1		# loopback; the node is there
 *	service 192.0.2.1 port 80
 *	uplink eth1
 *	uplink eth2
 *	peer 10.0.0.2			# known servers to join through
 *	secret /etc/homeward/secret
 *
 * Units end numbers ("250ms", "8MiB", "30s"). An unknown word names the
 * nearest known one. What conf_print() writes parses to the same struct, and
 * printing that again gives the same bytes. All directives are one table
 * (directive.h), the file's words are those of tokenizer.h.
 *
 * Required: address, service, uplink, secret. The outer packets between
 * servers have the family of `address`; so peers have it too, services may be
 * of either.
 */
#ifndef LIVE_CONF_CONF_H
#define LIVE_CONF_CONF_H

#include <stddef.h>
#include <stdio.h>

#include "live/conf/values.h"

#define CONF_PATH_DEFAULT "/etc/homeward/homewardd.conf"

void conf_default(struct conf *);
/* From the bytes of a file of that name. 0, or -1 with one or more lines
 * "file:line:column: message" on talk; then the struct is as it was. With 0
 * there may be notes, too (remarks.h). */
int conf_parse(struct conf *, const char *path, const char *bytes, size_t size,
	       FILE *talk);
/* 0; -1 after complaining on talk. */
int conf_load(struct conf *, const char *path, FILE *talk);
/* All of it, defaults included. */
void conf_print(const struct conf *, FILE *);
/* May a running daemon go from one to the other? NULL: yes; else the name of
 * the first directive that needs a restart (address, uplink, tun ...). */
const char *conf_fixed(const struct conf *from, const struct conf *to);

#endif
