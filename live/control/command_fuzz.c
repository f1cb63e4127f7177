/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command_fuzz.c - any line is a command or has a sentence that says why not */
#include "live/control/command.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct command command;
	char error[512] = "";
	int result = command_parse((const char *)bytes, size, &command, error,
				   sizeof(error));

	assert(command.kind < COMMAND_KINDS);
	assert((result == 0) == (error[0] == '\0'));
	/* It goes out as one line. */
	assert(strchr(error, '\n') == NULL);
	return 0;
}
