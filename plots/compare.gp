# SPDX-License-Identifier: GPL-3.0-or-later
# compare.gp - simulated beside live: a panel a metric with both empirical
# distributions, their medians, and what the tests say.
# Reads `data`: view compare-curves (curve, time_ms, share), two blocks a panel,
# the simulated first. `panels` is their number; of panel i, name<i> is what was
# measured, note<i> what the tests say, sim<i> and live<i> are legends,
# simmedian<i> and livemedian<i> medians in ms with their texts simtext<i> and
# livetext<i>.
#
# Each panel has a time axis of its own, logarithmic: what matters is how far
# the two are apart, and metrics differ by a factor of ten thousand.
panel_count = int(panels)
top = 0.115	# of the width; the title's
each = 0.41	# a panel's
bottom = 0.05
height = top + each * panel_count + bottom
load style

said(name, i) = value(sprintf("%s%d", name, i))
number(name, i) = real(said(name, i))
shown(ms) = ms < 0.9e-3 ? sprintf("%g ns", ms * 1e6) : \
	ms < 0.9 ? sprintf("%g µs", ms * 1e3) : \
	ms < 900 ? sprintf("%g ms", ms) : sprintf("%g s", ms / 1e3)
# From the top of the canvas, in its height.
above(i) = 1 - (top + each * i) / height

small = sprintf(",%.1f", format eq "png" ? 18 : 7.7)
set multiplot
set label 100 heading("Simulated and live") at screen 0.5, \
	screen 1 - 0.045 / height center front
set label 101 "thin lines: medians; U: Mann-Whitney, D: Kolmogorov-Smirnov" \
	at screen 0.5, screen 0.03 / height center font small \
	textcolor rgb "#606060"
set label 102 "Share of measurements (%)" at screen 0.02, screen 0.5 center \
	rotate by 90
set logscale x
set ytics 0, 50, 100
set mytics 2
set style textbox opaque noborder margins 0.3, 0.1
set lmargin at screen 0.135
set rmargin at screen 0.95
unset key

# stats obeys ranges, so there are none while it looks.
# An axis is a decade at least, so that there are ticks to read it by, and has
# room beside the curves for what is written there. Drop lines stand at half of
# the values, with the faster median on its left.
do for [i=1:panel_count] {
	set xrange [*:*]
	set yrange [*:*]
	least = 1e300
	most = 0
	do for [j=0:1] {
		stats data index 2 * i - 2 + j using 2 nooutput
		least = STATS_min < least ? STATS_min : least
		most = STATS_max > most ? STATS_max : most
	}
	# What came at once (a stray in the instant of its cut) is off to the
	# left, or it would take all the room.
	least = least < most * 1e-3 ? most * 1e-3 : least
	centre = sqrt(least * most)
	wide = most / least > 6 ? most / least : 6
	wide = wide**1.4
	set xrange [centre / sqrt(wide):centre * sqrt(wide)]
	set yrange [0:100]
	set xtics () scale 0.6, 0.3
	do for [e=-6:5] {
		do for [d=1:9] {
			tick = d * 10.0**e
			labelled = d == 1 || (wide < 60 && (d == 2 || d == 5))
			if (labelled) {
				set xtics add (shown(tick) tick 0)
			} else {
				set xtics add ("" tick 1)
			}
		}
	}
	set tmargin at screen above(i - 1) - 0.095 / height
	set bmargin at screen above(i) + 0.08 / height
	set label 1 sprintf("{/:Bold %s}", said("name", i)) \
		at graph 0, graph 1 offset character 0, 1.45
	set label 2 said("note", i) at graph 0, graph 1 \
		offset character 0, 0.55 font small
	s = number("simmedian", i)
	l = number("livemedian", i)
	do for [w=0:1] {
		m = w == 0 ? s : l
		colour = (w == 0 ? blue : red)
		before = w == 0 ? s <= l : l < s
		set arrow 10 + w from m, 0 to m, 50 nohead lw 0.9 \
			lc rgb colour front
		set label 20 + w said(w == 0 ? "simtext" : "livetext", i) \
			at m, 11 left offset character before ? -0.5 : 0.5, 0 \
			textcolor rgb colour front font small boxed
		if (before) {
			set label 20 + w right
		}
		set label 30 + w said(w == 0 ? "sim" : "live", i) \
			at graph 1, graph 1 right offset character 0, \
			1.45 - 0.9 * w font small \
			textcolor rgb colour
	}
	plot data index 2 * i - 2 using 2:(100 * $3) with steps lt 1, \
		data index 2 * i - 1 using 2:(100 * $3) with steps lt 2
	unset label 100
	unset label 101
	unset label 102
}
unset multiplot
