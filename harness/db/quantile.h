/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantile.h - order statistics as SQL aggregates
 *
 *	SELECT quantile(value_ns, 0.99), deviation(value_ns) FROM measurement
 *
 * SQLite has no quantiles; GSL has. Registering them with a connection lets
 * every reader say what it wants where it selects it.
 *
 * quantile(x, p), 0 <= p <= 1: linear interpolation between the order
 * statistics at p (n - 1), type 7 of [1], which R and NumPy call the default;
 * p = 0.5 is the usual median. deviation(x): square root of the unbiased
 * variance; NULL below two values. NULLs do not count; no value: NULL.
 *
 * [1] Hyndman, Fan: Sample Quantiles in Statistical Packages. The American
 *     Statistician 50, 1996.
 */
#ifndef HARNESS_DB_QUANTILE_H
#define HARNESS_DB_QUANTILE_H

#include <sqlite3.h>

/* 0 or EXIT_RUNTIME, said. */
int quantile_register(sqlite3 *);

#endif
