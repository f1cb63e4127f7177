/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * place.h - where a server is, in text: "10.0.0.1:7000", "[2001:db8::1]:7000"
 *
 * The same form as in report.h, for one endpoint alone (RFC 3986, 3.2.2, has
 * the brackets).
 */
#ifndef LIVE_CONF_PLACE_H
#define LIVE_CONF_PLACE_H

#include "core/endpoint.h"

#define PLACE_TEXT 56 /* bytes that hold any, NUL too */

/* Returns text. */
const char *place_format(const struct endpoint *, char text[PLACE_TEXT]);

#endif
