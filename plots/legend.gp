# SPDX-License-Identifier: GPL-3.0-or-later
#
# legend.gp - counts the curves in `data` and puts the legend under the plot,
# where no curve is; loads the style with the height that this takes.
# `letters` is the length of the longest legend: 85 mm hold about 46 of them,
# longer ones are smaller.

set datafile separator tab
set datafile columnheaders
stats data using 2 nooutput
curves = int(STATS_blocks)
if (!exists("letters")) letters = "14"
columns = int(letters) <= 15 ? 3 : int(letters) <= 21 ? 2 : 1
lines = (curves + columns - 1) / columns
height = 0.70 + 0.05 * lines
load style
smaller = fitting(int(letters), 46)
set bmargin 3.9 + 1.1 * lines
set key at screen 0.5, screen 0.02 center bottom vertical maxrows lines \
	Left reverse samplen 1.7 width -0.22 * int(letters) \
	font smaller
