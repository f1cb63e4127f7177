# SPDX-License-Identifier: GPL-3.0-or-later
# lookup.gp - distribution of lookup times, a curve each size of cluster.
# Reads `data`: view lookup-curves (curve, lookup_ms, share).
load style

stats data using 2 nooutput
curves = int(STATS_blocks)
# The last half per cent may be ten times longer and would hide the rest.
stats data using (column(3) <= 0.995 ? column(2) : NaN) nooutput
longest = STATS_max > 0 ? STATS_max * 1.05 : 1

set title heading("Lookup time")
# Microseconds where milliseconds would be small change.
scale = longest < 0.5 ? 1000.0 : 1.0
set xlabel sprintf("Time from first query to value (%s)", scale > 1 ? "µs" : "ms")
set ylabel "Share of lookups (%)"
set xrange [0:longest * scale]
set yrange [0:100]
set ytics 25
set mytics 5
# The legend goes where no curve is.
stats data using (column(3) > 0 ? column(2) : NaN) nooutput
if (STATS_min > 0.4 * longest) { set key top left Left reverse } else { set key bottom right }
plot for [i=0:curves-1] data index i using (scale * column(2)):(100 * column(3)) \
	with steps lt i + 1 title columnheader(1)
