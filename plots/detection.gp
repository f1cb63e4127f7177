# SPDX-License-Identifier: GPL-3.0-or-later
# detection.gp - from a link going down to the first stray it caused, beside
# the balancers of the paper's Table 1.
# Reads `data`: view detection-curves (curve, detection_s, row); `balancers`:
# view balancers (balancer, setting, interval_s, attempts, timeout_s,
# earliest_s, latest_s).
#
# A balancer with check interval I, A attempts and timeout W acts between
# (A - 1) I + W and A I + W after a failure, depending on where in the interval
# it falls; the bars span that. Minima are the least that may be configured.
load style

stats data using 3 nooutput
rows = int(STATS_max)
blocks = int(STATS_blocks)
stats data using 2 nooutput
fastest = STATS_min
stats balancers using "earliest_s" nooutput
marks = int(STATS_records)

array middle[blocks]
array slowest[blocks]
do for [i=0:blocks-1] {
	stats data index i using 2 nooutput
	middle[i + 1] = STATS_median
	slowest[i + 1] = STATS_max
}

# From the top: our rows, then the balancers in the order of the table.
mark(i) = rows + 1 + i
jitter(i) = (int(i * 7919) % 17 - 8) / 8.0 * 0.22
seconds(s) = s < 1 ? sprintf("%.3g ms", s * 1000) : sprintf("%.3g s", s)

set title heading("Time until a failure is noticed")
set xlabel "Time after the failure (logarithmic)"
set logscale x
set xrange [10**floor(log10(fastest > 0 ? fastest : 1e-3)):100]
set xtics ("1 us" 1e-6, "10 us" 1e-5, "0.1 ms" 1e-4, "1 ms" 1e-3, \
	"10 ms" 1e-2, "0.1 s" 0.1, "1 s" 1, "10 s" 10, "100 s" 100)
set yrange [rows + marks + 0.6:0.4]
set ytics ()
set ytics scale 0
set grid noytics xtics
set border 1
set arrow from graph 0, first rows + 0.5 to graph 1, first rows + 0.5 \
	nohead lw 0.6 lc rgb grey dt (3, 3)
do for [i=0:blocks-1] {
	set label "median ".seconds(middle[i + 1]) at slowest[i + 1], i + 1 \
		offset character 1.2, 0
}
unset key
set style fill solid 1 noborder
plot for [i=0:blocks-1] data index i every ::0::0 using 2:3:ytic(1) \
		with dots lc rgb "#ff000000", \
	for [i=0:blocks-1] data index i using 2:(column(3) + jitter($0)) \
		with points pt 7 ps 0.45 * (format eq "png" ? 2 : 1.1) \
		lc rgb blue, \
	balancers using "earliest_s":(mark($0)):"earliest_s":"latest_s": \
		(mark($0) - 0.17):(mark($0) + 0.17) with boxxyerror \
		lc rgb orange, \
	balancers using "earliest_s":(mark($0)):(sprintf("%g to %g s", \
		column("earliest_s"), column("latest_s"))) with labels right \
		offset character -0.8, 0, \
	balancers using "earliest_s":(mark($0)):ytic(strcol("balancer")." ". \
		strcol("setting")) with dots lc rgb "#ff000000"
