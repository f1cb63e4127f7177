# SPDX-License-Identifier: GPL-3.0-or-later
# scaling.gp - T(n): means by number of servers with 95 % intervals, the fit
# T = a + L log2 n with its 95 % confidence band, and the paper's T = L log2 n.
# Reads `points`: view fit-points; `curve`: view fit-curve; both of one series,
# metric and unit. `what` names the metric, `unit` is ms, us (the tables have ms)
# or rounds, `affine` and `origin` are the lines' legends.
load style

stats points using "servers" nooutput
lowest = STATS_min
highest = STATS_max
stats points using "mean" nooutput
top = STATS_max
stats points using "high" nooutput
top = STATS_max > top ? STATS_max : top

set title heading(what." and size of the cluster")
set xlabel "Servers, n"
set ylabel unit eq "rounds" ? "Mean rounds" : \
	sprintf("Mean time (%s)", unit eq "us" ? "µs" : "ms")
scale = unit eq "us" ? 1000.0 : 1.0
set logscale x 2
set xrange [lowest / 1.19:highest * 1.19]
set yrange [0:top * scale * 1.3]
set xtics lowest, (log(highest / lowest) / log(2) > 7 ? 4 : 2)
set format x "%.0f"
unset mxtics
set key top left Left reverse enhanced
plot curve using "servers":(scale * column("affine_low")): \
		(scale * column("affine_high")) with filledcurves \
		fc rgb sky fs transparent solid 0.45 noborder notitle, \
	curve using "servers":(scale * column("affine")) with lines lt 1 title affine, \
	curve using "servers":(scale * column("origin")) with lines lt 2 title origin, \
	points using "servers":(scale * column("mean")): \
		(scale * column("low")):(scale * column("high")) with yerrorbars \
		lc rgb black pt 7 ps 0.8 * (format eq "png" ? 1 : 0.7) \
		lw 1 dt solid title "measured, 95 %"
