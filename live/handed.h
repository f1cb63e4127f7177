/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handed.h - the secret file, when the herald has opened it for us
 *
 * A daemon that has dropped its privileges gets root's file as a descriptor
 * (herald_secret()), but secret_load() wants a name, and the name under
 * /proc/self/fd asks for the permissions again. So what the descriptor shows is
 * copied to a nameless file of our own (memfd_create(2), mode 0600), which may
 * be read by that name. Owner and mode of the original are checked first, as
 * secret_load() would.
 */
#ifndef LIVE_HANDED_H
#define LIVE_HANDED_H

#include <stddef.h>

#include "live/secret.h"

/* fd stays open. path: how errors call it. As secret_load(). */
int handed_secret(struct secret *, int fd, const char *path, char *error,
		  size_t error_size);

#endif
