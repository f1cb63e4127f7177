/* SPDX-License-Identifier: GPL-3.0-or-later */
/* talk.c - the sentences, and when they are due */
#include "live/engine/talk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/wire/message.h"
#include "live/conf/endpoint_text.h"
#include "live/engine/report.h"

#define SENTENCE_BYTES 256

static void __attribute__((format(printf, 4, 5)))
talk_say(struct talk *talk, struct instant now, enum talk_subject subject,
	 const char *format, ...)
{
	char sentence[SENTENCE_BYTES];
	va_list arguments;

	if (talk->say == NULL || instant_before(now, talk->next[subject]))
		return;
	talk->next[subject] = instant_after(now, TALK_PAUSE_NS);
	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	talk->say(talk->context, sentence);
}

void
talk_version(struct talk *talk, struct instant now, const struct endpoint *peer,
	     uint8_t version)
{
	char text[ENDPOINT_TEXT_BYTES];

	talk_say(talk, now, TALK_VERSION,
		 "peer %s speaks version %u, and this homewardd %d to %d: its "
		 "datagrams are refused",
		 endpoint_text_format(peer, text), (unsigned)version,
		 MESSAGE_VERSION_OLDEST, MESSAGE_VERSION);
}

void
talk_reboot(struct talk *talk, struct instant now, const struct endpoint *peer,
	    int error)
{
	char text[ENDPOINT_TEXT_BYTES];

	talk_say(talk, now, TALK_BOOT,
		 "peer %s knows a later start of this server: its clock was "
		 "set back, and the boot id is raised",
		 endpoint_text_format(peer, text));
	if (error != 0)
		talk_say(talk, now, TALK_KEPT,
			 "the boot id could not be kept: %s", strerror(-error));
}

void
talk_leap(struct talk *talk, struct instant now)
{
	talk_say(talk, now, TALK_LEAP,
		 "the clock has leapt, as if this machine had slept: all "
		 "sessions are published again");
}

void
talk_raised(struct talk *talk, struct instant now,
	    const struct session_key *key, int64_t ahead_ns)
{
	char flow[REPORT_LINE];

	(void)report_flow_format(key, flow, sizeof(flow));
	talk_say(talk, now, TALK_RAISED,
		 "others knew a record of session %s that is newer by %" PRId64
		 " s: this clock was set back, or is behind another server's; "
		 "ours is placed above it",
		 flow, ahead_ns / NS_PER_S);
}
