/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_action.h - which of a world's actions a kind of fault is
 *
 * What a kind does to its target; PARTITION and MERGE do it to many links, JOIN
 * and CHURN have steps of their own that use it. A switch without default: the
 * compiler finds a kind that was forgotten.
 */
#ifndef SIM_MODEL_FAULT_ACTION_H
#define SIM_MODEL_FAULT_ACTION_H

#include "sim/model/fault.h"

fault_action *fault_action_of(const struct fault_actions *, enum fault_kind);

#endif
