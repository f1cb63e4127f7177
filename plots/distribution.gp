# SPDX-License-Identifier: GPL-3.0-or-later
# distribution.gp - distribution of one metric, a curve each size of cluster.
# Reads `data`: curve, value in ms, share, as view lookup-curves has them.
# `title`, `from`, `to` and `what` are of the metric's row (sim/model/metric.h).
load legend

# Up to where each curve has 99.5 %: the rest may be ten times longer.
longest = 0
do for [i=0:curves-1] {
	stats data index i using (column(3) >= 0.995 ? column(2) : NaN) nooutput
	longest = STATS_min > longest ? STATS_min : longest
}
longest = longest > 0 ? longest * 1.05 : 1

set title heading(title)
# Microseconds where milliseconds would be small change.
scale = longest < 0.5 ? 1000.0 : 1.0
set xlabel sprintf("Time from %s to %s (%s)", from, to, scale > 1 ? "µs" : "ms")
set ylabel "Share of ".what." (%)"
set xrange [0:longest * scale]
set yrange [0:100]
set ytics 25
set mytics 5
plot for [i=0:curves-1] data index i using (scale * column(2)):(100 * column(3)) \
	with steps lt i + 1 title columnheader(1)
