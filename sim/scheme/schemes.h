/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schemes.h - the schemes by number and by name
 *
 * Both come from SCHEME_LIST in sim/model/scheme.h; what a scheme does is in
 * the file of its name.
 */
#ifndef SIM_SCHEME_SCHEMES_H
#define SIM_SCHEME_SCHEMES_H

#include "sim/model/scheme.h"

/* kind < SCHEMES. */
const struct scheme *schemes_get(enum scheme_kind kind);
/* As in scenarios: "homeward"; NULL past the last. */
const char *schemes_name(unsigned kind);
/* Can servers of a lab run it? kind < SCHEMES. */
bool schemes_in_lab(enum scheme_kind kind);

#endif
