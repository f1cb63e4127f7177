# SPDX-License-Identifier: GPL-3.0-or-later
# setting.gp - distribution of the time to store a session: until the first
# replica has acknowledged (solid), and until all have (dashed).
# Reads `data`: view setting-curves (curve, setting_ms, share, place, whole).
load legend

# Up to where each curve has 99.5 %: the rest may be ten times longer.
longest = 0
do for [i=0:curves-1] {
	stats data index i using (column(3) >= 0.995 ? column(2) : NaN) nooutput
	longest = STATS_min > longest ? STATS_min : longest
}
longest = longest > 0 ? longest * 1.05 : 1
# A colour a size, a dash pattern for "all": blocks come in that order.
array colour[curves]
array whole[curves]
place = -1
colours = 0
do for [i=0:curves-1] {
	stats data index i using 4 nooutput
	if (STATS_min != place) { colours = colours + 1; place = STATS_min }
	colour[i + 1] = colours
	stats data index i using 5 nooutput
	whole[i + 1] = int(STATS_min)
}

set title heading("Setting time")
# Microseconds where milliseconds would be small change.
scale = longest < 0.5 ? 1000.0 : 1.0
set xlabel sprintf("Time from first datagram to acknowledgement (%s)", scale > 1 ? "µs" : "ms")
set ylabel "Share of settings (%)"
set xrange [0:longest * scale]
set yrange [0:100]
set ytics 25
set mytics 5
plot for [i=0:curves-1] data index i using (scale * column(2)):(100 * column(3)) \
		with steps lt colour[i + 1] + (whole[i + 1] ? 20 : 10) \
		title columnheader(1)
