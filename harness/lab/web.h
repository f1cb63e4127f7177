/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web.h - the service: nginx on every server
 *
 * GET /blob?last=N&rate=R: bytes 0 to N of one file that all servers share,
 * R bytes a second, answered with 206; without `last` all of it. PUT /up/NAME:
 * kept in the server's own folder, once it is complete. Answers name the
 * server in X-Server.
 */
#ifndef HARNESS_LAB_WEB_H
#define HARNESS_LAB_WEB_H

#include <stdint.h>

#include "harness/lab/lab.h"

/* NULL, or what is missing. */
const char *lab_web_missing(void);
/* Bytes of the largest session. */
uint64_t lab_web_bytes(const struct settings *);
/* The file, configurations, processes; they listen. 0, or -1 after saying
 * why. */
int lab_web_start(const struct lab *);

#endif
