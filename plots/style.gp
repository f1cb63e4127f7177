# SPDX-License-Identifier: GPL-3.0-or-later
#
# style.gp - what all figures share; loaded first by each
#
# Variables, given with -e: `out` the file without its ending, `format` svg or
# png, `subtitle` the second line of the title, and what the figure reads.
#
# A figure is one journal column wide, 85 mm: 321 px of SVG (at CSS's 96 px an
# inch) with text of 10 px = 7.5 pt, or 1004 px of PNG (300 dpi).
#
# Colours: Okabe and Ito, told apart by all kinds of colour vision ("Color
# Universal Design", 2002); every curve also has a dash pattern or a point of
# its own, so that a black-and-white print is read, too.

if (!exists("format")) format = "svg"
if (!exists("subtitle")) subtitle = ""
if (!exists("height")) height = 0.74	# of the width

if (format eq "png") {
	set terminal pngcairo size 1004, 1004 * height enhanced \
		font "DejaVu Sans,22" linewidth 2.6 pointscale 2.0 \
		dashlength 1.4 rounded background "#ffffff"
} else {
	set terminal svg size 321, 321 * height enhanced \
		font "DejaVu Sans,9.3" linewidth 1 dashlength 0.8 \
		rounded background "#ffffff"
	set pointsize 0.55
}
set output out.".".format

set encoding utf8
set datafile separator tab
set datafile columnheaders

black = "#000000"
orange = "#E69F00"
sky = "#56B4E9"
green = "#009E73"
blue = "#0072B2"
red = "#D55E00"
purple = "#CC79A7"
grey = "#808080"

set linetype 1 lc rgb blue lw 1.6 dt solid pt 7
set linetype 2 lc rgb red lw 1.6 dt (14, 5) pt 5
set linetype 3 lc rgb green lw 1.6 dt (5, 4) pt 9
set linetype 4 lc rgb purple lw 1.6 dt (14, 4, 3, 4) pt 13
set linetype 5 lc rgb orange lw 1.6 dt (2, 3) pt 11
set linetype 6 lc rgb black lw 1.6 dt (14, 3, 3, 3, 3, 3) pt 6
# The same colours all solid (11 to 16) and all dashed (21 to 26).
array hue[6] = [blue, red, green, purple, orange, black]
do for [i=1:6] {
	set linetype 10 + i lc rgb hue[i] lw 1.6 dt solid
	set linetype 20 + i lc rgb hue[i] lw 1.6 dt (5, 4)
}

set border 3 lw 0.8 lc rgb "#404040"
set tics nomirror out scale 0.6 noenhanced
set grid lw 0.5 lc rgb "#dcdcdc" dt solid
set key samplen 2.2 spacing 1.05 noenhanced
set errorbars 1.2

# A font in which `letters` take no more than the room of `most`; not below 0.55.
fitting(letters, most) = sprintf(",%.1f", (format eq "png" ? 22 : 9.3) * \
	(letters <= most ? 1.0 : letters * 0.55 >= most ? 0.55 : \
	1.0 * most / letters))

# "{/:Bold What it shows}", then what was measured where.
heading(text) = sprintf("{/:Bold %s}", text).(subtitle eq "" ? "" : \
	sprintf("\n{/=%s %s}", format eq "png" ? "19" : "8.2", subtitle))
