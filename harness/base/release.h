/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * release.h - version and commit of this build
 *
 * Every run stores both, so that a result can be made again years later. The
 * build system puts them in; a commit ends with "+changes" when the sources it
 * was built from were changed.
 */
#ifndef HARNESS_BASE_RELEASE_H
#define HARNESS_BASE_RELEASE_H

/* "0.2.0", or "unknown". */
const char *release_version(void);
/* Of the commit it was built from, in hexadecimal, or "unknown". */
const char *release_commit(void);

#endif
