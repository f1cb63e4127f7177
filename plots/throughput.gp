# SPDX-License-Identifier: GPL-3.0-or-later
# throughput.gp - bytes that one client received while the path of its session
# moved to another server, with Homeward and without.
# Reads `data`: view throughput-curves (curve, since_fault_s, received_mb,
# outcome). A curve that ends in a reset ends when the client heard of it.
load style

stats data using 2 nooutput
blocks = int(STATS_blocks)
first = STATS_min
last = STATS_max
stats data using 3 nooutput
highest = STATS_max
# Milliseconds where seconds would be small change.
scale = last < 2 ? 1000.0 : 1.0
kilo = highest < 0.5 ? 1000.0 : 1.0

set title heading("One download through a link failure")
set xlabel sprintf("Time since the failure (%s)", scale > 1 ? "ms" : "s")
set ylabel sprintf("Received (%s)", kilo > 1 ? "kB" : "MB")
set xrange [first * scale:last * scale]
set yrange [0:highest * kilo * 1.15]
set key bottom right
set arrow from 0, graph 0 to 0, graph 1 nohead lw 0.9 lc rgb grey dt (4, 3)
set label "link down" at 0, graph 0.95 right \
	offset character -0.6, 0 \
	textcolor rgb "#606060"
if (blocks > 1) {
	stats data index 1 using 2 nooutput
	end = STATS_max * scale
	stats data index 1 using 3 nooutput
	set label "reset" at end, STATS_max * kilo point pt 2 lw 2 \
		lc rgb red front offset character 1, -0.7 textcolor rgb red
}
# Both are the same until the failure: thin dashes lie on the thick line.
set linetype 31 lc rgb sky lw 3.5 dt solid
set linetype 32 lc rgb red lw 1.2 dt (4, 4)
plot for [i=0:blocks-1] data index i using (column(2) * scale):(column(3) * kilo) \
	with steps lt 31 + i title columnheader(1)
