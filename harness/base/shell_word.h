/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell_word.h - a word as a shell reads it back
 *
 * For commands that a verb prints so that somebody can give them again.
 */
#ifndef HARNESS_BASE_SHELL_WORD_H
#define HARNESS_BASE_SHELL_WORD_H

#include <stdio.h>

/* In single quotes where it needs them. */
void shell_word_print(const char *word, FILE *);

#endif
