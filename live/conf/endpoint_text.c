/* SPDX-License-Identifier: GPL-3.0-or-later */
/* endpoint_text.c - see endpoint_text.h */
#include "live/conf/endpoint_text.h"

#include <arpa/inet.h>
#include <stdio.h>

const char *
endpoint_text_format(const struct endpoint *endpoint,
		     char text[ENDPOINT_TEXT_BYTES])
{
	char name[INET6_ADDRSTRLEN] = "";
	bool six = endpoint->address.family == 6;

	(void)inet_ntop(six ? AF_INET6 : AF_INET, endpoint->address.bytes, name,
			sizeof(name));
	(void)snprintf(text, ENDPOINT_TEXT_BYTES, six ? "[%s]:%u" : "%s:%u",
		       name, (unsigned)endpoint->port);
	return text;
}
