# SPDX-License-Identifier: GPL-3.0-or-later
# hops.gp - how many rounds lookups took; 0: the asker held the value.
# Reads `data`: view hops-curves (curve, rounds, share).
load legend

stats data using 2 nooutput
last = STATS_max

set title heading("Rounds of a lookup")
set xlabel "Rounds until the value was there (0: held by the asker)"
set ylabel "Share of lookups (%)"
set xrange [-0.3:last + 0.3]
set yrange [0:*]
set xtics 1
plot for [i=0:curves-1] data index i using 2:(100 * column(3)) \
	with linespoints lt i + 1 title columnheader(1)
