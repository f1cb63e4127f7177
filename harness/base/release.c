/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * release.c - what the build system says
 */
#include "harness/base/release.h"

#ifndef HOMEWARD_VERSION
#define HOMEWARD_VERSION "unknown"
#endif
#ifndef HOMEWARD_COMMIT
#define HOMEWARD_COMMIT "unknown"
#endif

const char *
release_version(void)
{
	return HOMEWARD_VERSION;
}

const char *
release_commit(void)
{
	return HOMEWARD_COMMIT;
}
