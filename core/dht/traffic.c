/* SPDX-License-Identifier: GPL-3.0-or-later */
/* traffic.c - datagrams by what they were for; see traffic.h */
#include "core/dht/traffic.h"

#include <assert.h>
#include <stddef.h>

#include "core/wire/message_format.h"

const char *
traffic_name(enum traffic_purpose purpose)
{
	static const char *const names[] = {
#define TRAFFIC_NAME(constant, name) [constant] = name,
		TRAFFIC_LIST(TRAFFIC_NAME)
#undef TRAFFIC_NAME
	};

	assert(purpose < TRAFFIC_PURPOSES);
	return names[purpose];
}

void
traffic_sent(struct traffic *traffic, enum traffic_purpose purpose,
	     uint32_t message_bytes)
{
	if (traffic == NULL)
		return;
	traffic->sent[purpose].datagrams++;
	traffic->sent[purpose].bytes += message_bytes + MESSAGE_SEAL_BYTES;
}
