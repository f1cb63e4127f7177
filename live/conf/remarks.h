/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remarks.h - what a configuration says in vain
 *
 *	f:5:10: note: 'openings' means nothing unless 'store-at' is auto
 *
 * Each directive is right, and all of them fit together (conf.c), but what one
 * says another takes away: whoever wrote it believes in something that will not
 * happen. It is said, at the value, and the file is taken all the same. Of what
 * is not in the file, or is as by default, nothing is said: so the complete
 * configuration that `homewardd -nv` prints hears no more than what was read.
 */
#ifndef LIVE_CONF_REMARKS_H
#define LIVE_CONF_REMARKS_H

#include "live/conf/directive.h"

/* On the reader's talk. The file has been read without a complaint; plain: the
 * defaults. */
void remarks_make(const struct directive_reader *, const struct conf *plain);

#endif
