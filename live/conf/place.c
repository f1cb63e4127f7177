/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place.c - see place.h */
#include "live/conf/place.h"

#include <arpa/inet.h>
#include <stdio.h>

const char *
place_format(const struct endpoint *endpoint, char text[PLACE_TEXT])
{
	char name[INET6_ADDRSTRLEN] = "";
	bool six = endpoint->address.family == 6;

	(void)inet_ntop(six ? AF_INET6 : AF_INET, endpoint->address.bytes, name,
			sizeof(name));
	(void)snprintf(text, PLACE_TEXT, six ? "[%s]:%u" : "%s:%u", name,
		       (unsigned)endpoint->port);
	return text;
}
