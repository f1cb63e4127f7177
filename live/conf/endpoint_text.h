/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * endpoint_text.h - an endpoint in text
 *
 *	10.0.0.1:7000	[2001:db8::1]:7000
 *
 * The same form as in report.h, for one endpoint alone (RFC 3986, 3.2.2, has
 * the brackets).
 */
#ifndef LIVE_CONF_ENDPOINT_TEXT_H
#define LIVE_CONF_ENDPOINT_TEXT_H

#include "core/endpoint.h"

#define ENDPOINT_TEXT_BYTES 56 /* bytes that hold any, NUL too */

/* Returns text. */
const char *endpoint_text_format(const struct endpoint *,
				 char text[ENDPOINT_TEXT_BYTES]);

#endif
