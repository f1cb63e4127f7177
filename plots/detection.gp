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
#
# A row each series. Short labels stand in the left margin, long ones above
# their row; the canvas grows with the rows.
set datafile separator tab
set datafile columnheaders
stats data using 3 nooutput
rows = int(STATS_max)
blocks = int(STATS_blocks)
stats data using 2 nooutput
fastest = STATS_min
latest = STATS_max
stats balancers using "earliest_s" nooutput
marks = int(STATS_records)

# Whole decades from before the first to 100 s, where the balancers end.
lowest = floor(log10(fastest > 0 ? fastest : 1e-3))
highest = latest > 90 ? ceil(log10(latest)) : 2
place(s) = (log10(s > 0 ? s : 10**lowest) - lowest) / (highest - lowest)

# Points over the whole width: their median needs a line of its own.
wide = 0
array middle[blocks]
array slowest[blocks]
array quickest[blocks]
do for [i=0:blocks-1] {
	stats data index i using 2 nooutput
	middle[i + 1] = STATS_median
	slowest[i + 1] = STATS_max
	quickest[i + 1] = STATS_min
	if (place(STATS_max) >= 0.6 && place(STATS_min) <= 0.4) { wide = 1 }
}

long = int(letters) > 12
step = (long ? 1.5 : 1.0) + (wide ? 0.45 : 0)
base = rows * step + 0.5
height = 0.30 + 0.066 * (base + marks)
load style
smaller = fitting(int(letters), 40)

# From the top: our rows, then the balancers in the order of the table.
ours(i) = i * step
mark(i) = base + 0.5 + i
jitter(i) = (int(i * 7919) % 17 - 8) / 8.0 * 0.22
seconds(s) = s < 1 ? sprintf("%.3g ms", s * 1000) : sprintf("%.3g s", s)
# What comes after "Homeward, ", as long as there is room for it.
room = int(letters) <= 40 ? 40 : 72
# "Homeward" alone before a long one.
letters_left = long ? 8 : 99
name(text) = strlen(text) <= room + 10 ? text[11:*] : text[11:9 + room]."…"

set title heading("Time until a failure is noticed")
set xlabel "Time after the failure (logarithmic)"
set logscale x
set xrange [10**lowest:10**highest]
set xtics ("1 us" 1e-6, "10 us" 1e-5, "0.1 ms" 1e-4, "1 ms" 1e-3, \
	"10 ms" 1e-2, "0.1 s" 0.1, "1 s" 1, "10 s" 10, "100 s" 100, \
	"1000 s" 1000)
set yrange [base + marks + 0.6:0.4]
set ytics () noenhanced
set ytics scale 0
set grid noytics xtics
set border 1
set arrow from graph 0, first base to graph 1, first base \
	nohead lw 0.6 lc rgb grey dt (3, 3)
# The median beside the points: where there is room, or else above them.
do for [i=0:blocks-1] {
	median = "median ".seconds(middle[i + 1])
	if (place(slowest[i + 1]) < 0.60) {
		set label median at slowest[i + 1], ours(i + 1) \
			offset character 1.2, 0 front
	} else { if (place(quickest[i + 1]) > 0.40) {
		set label median at quickest[i + 1], ours(i + 1) right \
			offset character -1.2, 0 front
	} else {
		set label median at graph 1, first ours(i + 1) - 0.5 right front
	} }
}
unset key
set style fill solid 1 noborder
plot for [i=0:blocks-1] data index i every ::0::0 using 2:(ours(column(3))): \
		ytic(strcol(1)[1:letters_left]) \
		with dots lc rgb "#ff000000", \
	for [i=0:blocks-1] data index i every ::0::0 using (10**lowest): \
		(ours(column(3)) - (wide ? 0.98 : 0.55)):(long ? name(strcol(1)) : "") \
		with labels left noenhanced offset character 0.3, 0 \
		font smaller, \
	for [i=0:blocks-1] data index i \
		using 2:(ours(column(3)) + jitter($0)) \
		with points pt 7 ps 0.45 * (format eq "png" ? 2 : 1.1) \
		lc rgb blue, \
	balancers using "earliest_s":(mark($0)):"earliest_s":"latest_s": \
		(mark($0) - 0.17):(mark($0) + 0.17) with boxxyerror \
		lc rgb orange, \
	balancers using "earliest_s":(mark($0)):(sprintf("%g to %g s", \
		column("earliest_s"), column("latest_s"))) with labels right \
		noenhanced offset character -0.8, 0, \
	balancers using "earliest_s":(mark($0)):ytic(strcol("balancer")." ". \
		strcol("setting")) with dots lc rgb "#ff000000"
