"""What solves a land pattern: shapes, holes, leaders, rows and numbers of pads.

Tuned on drawings of the generator and on `look`, the two thirds of `dev` that are looked at.
"""

from __future__ import annotations

# Which dimensions speak of a pattern (land/pads.py). Costs as in thresholds/drawing.py.
LAND_REACH_PT = 190.0  # from a pattern to a dimension line that measures it; larger takes those of other views
LAND_END_PT = 0.9  # from the end of a dimension to the edge or centre it means; larger accepts the edge beside it
LAND_END_RASTER_PT = 1.5  # the same in a scan
LAND_END_BY_HAND_PT = 2.0  # the same in a figure that no CAD program drew
LAND_END_BY_HAND_PART = 0.08  # the same as a part of the shortest side of a pad: half of it lies between two lines
LAND_END_BY_HAND_MOST_PT = 4.0  # the same at the most
JOINED_FITS = 0.01  # part by which a number may be off the whole of a line that other dimensions part
JOINED_PT = 0.5  # between the pieces of such a line, along and across
STEP_LEAST = 4  # pads of a row that a program drew at one step from which on none of its steps is another one
STEP_PT = 0.2  # by which the steps of a row may differ that a program drew at one step
BY_HAND_BETTER = 1.0  # score by which the reading by hand must lead; smaller prefers chance over exact ends
ELSE_OFF = 0.15  # off the scale, from which on a number is that of another line which it fits
ELSE_ON = 0.02  # off the scale by which it may be there
ELSE_COST = 0.6  # more that it may be off from that line
SAME_PLACE_PT = 0.5  # features nearer than this share one unknown
SAME_PLACE_RASTER_PT = 0.8  # the same in a scan
BLUR_PT = 0.5  # features of a scan nearer than this are at one place for a dimension
UNSIZED_MOST = 3  # sizes that no number gives; more are no land pattern
UNSIZED_PART = 0.3  # of the pads, for the same
NEARER_PT = 6.0  # from a dimension to a shape that it runs across, less than to the pads: it is none of theirs
ASTRAY = 1.5  # cost by which a number right on another line may be farther from this one; less loses those of chains
MAY_MEAN_LINE = 2.0  # cost of a reading that may speak of a line of the part instead of a pad
DETAIL_OFF = 0.1  # part by which a size in a detail may be off the drawn one
ONE_ENDED_OFF = 0.01  # part by which a number may be off the drawn size of a pad whose dimension misses its other edge
COUNTED_OFF = 0.1  # part by which a size may be drawn off that of other pads which a printed count gives it
# parts by which pads may differ and share a size: each is tried, the one that keeps most printed counts wins
SIZES_ALIKE = (0.016, 0.04, 0.08)
EDGE_SAME_PT = 0.15  # edges nearer than this are one place in a vector drawing
THICK_PEN_PT = 1.2  # of the line around a pad: from here on a dimension may run to either side of it
D_MIDDLE = 0.5  # of the radius of a round end: how far off the middle of such a pad may be meant
NEARER = 1e-4  # points of cost a point away: only breaks a tie between features at one place
LAND_MISFIT = 0.12  # part by which a number may be off the drawn scale and still speak for a pattern
OF_FITTING = 0.5  # score for each number that fits
FITTING_MOST = 8  # of them that count
OF_REFUSED = 0.4  # less for each number that contradicts
OF_SETTLED = 2.5  # for pads that all follow from printed numbers
OF_PADS = 0.25  # times the root of how many pads there are
OF_PADS_MOST = 12  # of them that count
OF_UNLIKELY = 4.0  # less for pads that no board has
PAD_LEAST_MM = 0.08  # side of a pad; no board has a smaller one
PAD_MOST_MM = 60.0  # side of a pad; no board has a larger one

# The equations (land/solver.py): weights without a unit, only their ratios count.
WEIGHT_PRINTED = 100.0  # of a printed number; smaller lets the drawing bend what is printed
WEIGHT_REGULAR = 2.0  # of equal steps in a row
WEIGHT_SQUARE = 1.0  # of a round or square pad's equal sides
WEIGHT_DRAWN = 0.02  # of the drawn scale; larger pulls values off their numbers
MIRRORED_PART = 0.012  # of their extent: how far off their middle pads may be drawn that mirror onto each other
MIDDLE_OF_THREE = 0.025  # the same for the middle one of three, as of a transistor, which hands draw less exactly
MIDDLES_PT = 1.0  # between twice the middles of pads around one centre line
FLUSH_PT = 0.1  # between edges that are meant to be flush
DRAWN_ALIKE = 0.015  # part by which two drawn lengths may differ that stand for one
# by which a printed number may miss the others; more contradicts them, less calls rounding a contradiction
AGREE_MM = 0.012
AGREE_PART = 0.004  # of the number, added to it
QUARTER_ROWS_OFF = 0.01  # by which the distances of rows and of columns of a square package may differ, as drawn
QUARTER_STEP_OFF = 0.03  # part by which the steps in x and y may differ and be meant equal
STEP_ALIKE = 0.02  # part by which two steps may differ and be meant equal
STEP_ALIKE_PT = 0.5  # the same in points
MIRRORED_PT = 0.7  # how far off their middle pads may be drawn that mirror onto each other
SQUARE_ALIKE = 0.012  # part by which the sides of a pad may differ that is meant square
WORSE_BY_COST = 3.0  # by how much the cost of a number's reading counts where one of two must be refused
WORSE_BY_SCALE = 20.0  # by how much its distance from the drawn scale does
RANK_LEAST = 1e-6  # singular value below which an unknown is free

# Holes and rings (land/holes.py).
HOLE_REACH_PT = 160.0  # from a pattern to a diameter that may be that of its holes
HOLE_MIDDLE_PT = 1.2  # between the middles of a hole and its pad
HOLE_LEAST_MM = 0.5  # a smaller circle takes no lead: it is a ball
# of the width of a pad: a hole leaves more copper than a mask does; larger takes mask openings for holes
RING_MOST = 0.85
HOLE_NEAR = 0.05  # part by which a drawn size may be worse than the best one
HOLE_WRONG = 0.22  # part by which a printed diameter may be off; beyond it is that of something else
ROUND_RATIO = 1.08  # ratio of the sides of a round hole; larger is a slot
HOLE_COUNT_OFF = 0.1  # part of the size: cost of a diameter with another count than the holes
HOLE_MISFIT_COST = 10.0  # cost of a number off the drawn scale by all of it

# Holes that hold a part (land/contacts.py) and what leaders say of holes (land/hole_leaders.py).
CONTACTS_LEAST = 3  # equal holes that are contacts; fewer leave it open which holes hold the part
SHIELD_MOST = 6  # plated holes beside contacts on the surface that only hold the part
MOST_HOLDERS = 4  # holes of one size that hold a part; more are contacts
HOLDER_RATIO = 1.4  # widths of a contact's hole: wider ones hold the part; less takes power contacts for tabs
LONE_RATIO = 1.15  # the same for a lone hole beside the row: a boss
PEG_RATIO = 2.8  # widths of a contact's hole: wider ones are pegs without copper; less takes shield tabs for pegs
CONTACT_LINE_MM = 0.3  # across, between contacts of one line
HOLE_TIP_PT = 2.5  # between the tip of a leader and the hole it means; more lets it mean a neighbour
HOLE_NOT_TO_SCALE = 1.7  # times: how far a hole may be drawn off the diameter that its leader says
DRILLED_LEAST = 2  # holes in an outline of the board; a single one is the hole of a pad

# Orders of numbers (land/orders.py, land/outline_labels.py).
ORDER_LEVEL_PT = 1.2  # between the middles of pads in one line
# radians: a label farther from its pad is no number of a pin, however far it is; larger lets one stray label shift all
LABEL_STRAY = 1.2
OFF_CORNER = 0.15  # radians: cost of a first pin amid a side
AROUND = 0.4  # radians, on average, from the labels of an outline to pads numbered around; more is another order
LABEL_BESIDE = 0.75  # of half the extents of the pads: how far the label of a pad may be from it
NAME_REACH_PT = 16.0  # from a row of contacts to the names printed along it
PINOUT_REACH_PT = 75.0  # from the caption of a terminal arrangement to its numbers; larger takes those of other figures
PINOUT_OFF = 0.6  # of half the extents: how far a terminal of an arrangement may stand from where its pad is
BOSS_STEPS = 2.0  # of a row, from it to the hole for a boss
LABELED_BODY_LEAST_PT = 14  # side of a shape in an outline drawing that may be a body; smaller ones are marks
LABELED_BODY_MOST = 0.55  # of the page's width; larger shapes are frames
# of a label for each LABELED_AREA_PT2 of area: the larger of two shapes with as many labels is the body
LABELED_AREA = 0.2
LABELED_AREA_PT2 = 10_000  # square points
LABELED_LARGE = 0.4  # of a label: what the area of a shape counts at the most, for a frame holds more than the body
LABELED_BELOW = 0.5  # of a label: what a view from below counts less than one from above with as many
LABEL_REACH_PT = 30.0  # from the side of a body to the label of a pin, at the most
LABEL_REACH_PART = 0.45  # the same as a part of the shorter side
LABEL_REACH_LEAST_PT = 8.0  # added to that part
LABELS_AROUND = 4  # labels of all pins from which on they stand around the body
LABELS_OFF_MIDDLE = 0.25  # of half a body: how far off its middle the labels of all its pins may be on average
LABEL_INSIDE = 0.3  # of the shorter side: labels farther inside are of the part, not of its pins
LABELED_PINS_MOST = 400  # a larger number is no pin's
CLOCKWISE_LEAST = 0.05  # radians by which the labels must fit better the other way round
TURNED_OUTLINE = 0.12  # radians: cost of an outline drawn turned against the land pattern
LABELS_LEVEL = 0.1  # of half a body by which labels in one row may stand over each other
LONG_BODY = 0.1  # natural logarithm of a body's width over its height from which on it lies one way and not the other
LABELS_FIT_NOT = 9.0  # radians: cost of labels that fit no order, above any other
CORNER_ROW = 0.6  # of a pad's side: pads so near the lowest, or leftmost, one are in its row

# Design rules of ball grids (land/grid_rules.py).
RULE_VALUE_PT = 330.0  # from the name of a rule to its number; larger takes numbers of the next table
RULE_LEVEL = 0.5  # of the height of its letters: how far a number may be off the row of its name
WHOLE_STEPS_MM = 0.011  # by which a span may miss a whole number of pitches; larger accepts another pitch

# Leaders (land/leaders.py).
LEADER_AT_TEXT_PT = 4.0  # from a text to the stroke that begins at it
LEADER_JOINT_PT = 1.2  # between two pieces of one leader
LEADER_TIP_PT = 8.0  # from the end of a leader to what it means; larger names the neighbour
PIN1_DOT_LEAST_PT = 3.0  # width of a dot that marks the first pin; smaller ones are points of letters
PIN1_DOT_MORE_PT = 6.0  # by which it may be wider than two widths of the smallest pad
PIN1_DOT_ROUND = 0.12  # part by which its sides may differ
PIN1_DOT_POINTS = 8  # corners that it has at the least
PIN1_DOT_REACH = 3.0  # widths of the dot from it to its pad; larger marks the neighbour
PIN1_DOT_REACH_LEAST_PT = 4.0  # width that counts at the least for that distance

# Rows that a dimension speaks of by one pad (land/row_repeat.py), groups, sides.
ROW_READING_NEAR = 1.2  # cost of a number that is surely of its dimension line
LEAST_OF_ROW = 3  # pads in equal steps from which on they are surely the row of contacts
ROW_WHOLE = 0.06  # of a step by which a row may miss a whole number of steps
ROW_IN_LINE_PT = 0.5  # across, between pads of one row
MARK_PART = 0.4  # of the usual pad's area; smaller ones are marks
PARTS_FILL = 0.25  # of its extents that the squares of a divided exposed pad fill
SEEN_FROM_REACH = 2.5  # letter heights between the title of a land pattern and the line that says how it is seen

# Tables of a family (families/families.py).
COLUMN_PT = 12.0  # across, between a head and the cells of its column
LEVEL_PT = 5.0  # between the middles of words of one row
SUBHEAD_PT = 25.0  # across, from a head to the words below it
LEFT_GAP_PT = 40.0  # between words of a row, to the left; drawings stand on the left of tables
RIGHT_GAP_PT = 110.0  # between words of a row, to the right; smaller cuts sparse tables
COUNT_ROW = 0.6  # of the height of a count: how far off its row a word may stand
OVER_HEAD = 3.0  # heights of the head over it that belong to a table
COUNT_GAP = 4.0  # heights of the head between two counts of a column

# Numbers of pads (land/numbering.py).
EXPOSED_MIDDLE = 0.22  # of the extents of the other pads: how far off their middle an exposed pad may be
EXPOSED_LARGER = 1.8  # times the area of the usual pad; smaller takes a wide signal pad for the exposed one
NUMBER_OF_LINE = 0.6  # cost below which a number is that of a dimension line and not of a pad
ONE_WIDE = 0.7  # of its height: a wider 1 is none
NUMBER_SURE = 0.8  # sureness of a number read from pixels that may be a pad's: sides of pads are read as a 1
NUMBER_OFF_MIDDLE = 0.01  # points of distance for a point from the middle of a pad: only breaks a tie
NUMBER_BESIDE = 1.3  # letter heights from a pad to its number; larger gives it to the neighbour
NUMBER_LEAST_PT = 4.0  # height of letters that counts at the least for that distance
ORDER_AGREES = 0.6  # of the printed numbers that an order must agree with; smaller takes chance for an order
CORNERED_LEAST = 12  # other pads of a part with pads of their own in its corners
TAB_LARGER = 2.0  # of the area of a lead's pad: that of the pad of a tab at least
LABELS_FIT = 0.75  # radians, on average, from the labels of an outline to the pads they name; more names none

# Sizes borrowed from details (land/borrowed.py).
DETAIL_MISFIT_COST = 10.0  # cost of a number whose size is off the drawn one by all of it
RINGS_APART_PT = 0.3  # by which one outline lies within another
RING_LARGER = 1.1  # times the area of the inner one; less is one outline drawn twice

# Shapes of a pattern (land/patterns.py).
PADS_TOUCH_PT = 0.3  # by which shapes may overlap and still only touch
VIA_SMALLER = 4.0  # times the area of a via: the pad around it

# Unknowns of a pattern (land/variables.py).
PLACE_PART = 0.06  # of the smallest pad: centres nearer than this are one place
PLACE_SLACKS = 2.4  # times the slack of places, at the most
SIZE_SLACKS = 0.8  # of the slack of places: sizes nearer than this are one
DISC_ALIKE = 0.09  # part by which small discs may differ, which plotters draw with few steps
DISC_SMALL_PT = 15.0  # width of such a disc
TURNED_RATIO = 0.05  # part by which the sides of a pad differ that can be told from a turned one
MIDDLE_APART_PT = 0.7  # the middle of a pattern is a feature of its own when farther from all others
