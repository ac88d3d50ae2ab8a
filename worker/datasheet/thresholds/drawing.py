"""What turns strokes into dimensions, scale and shapes, and a body out of them.

Tuned on drawings of the generator (vector and scanned at 200 dpi) and on `look`, the two thirds of `dev` that are looked at.
"""

from __future__ import annotations

# Level strokes (geometry/grid.py).
# of its length a level stroke may be off; smaller loses drawings made by hand, larger levels oblique ones
LEVEL_SKEW = 0.008
# across a line: what lies nearer is on it; smaller loses tips off their line, larger takes the next line's
ON_LINE_PT = 0.6
LEVEL_OFF_PT = 0.12  # how far off level a short stroke may be
LEVEL_RUN_PT = 0.4  # length of such a stroke; shorter ones have no direction

# Arrow heads (drawing/arrowheads.py).
TIP_MIN_PT = 1.2  # side of a head; smaller takes curve steps for heads
TIP_MAX_PT = 20.0  # side of a head; larger takes corners of bevels for heads
TIP_ROUNDING_PT = 1.3  # by which both sides of a small head may differ; smaller loses the heads of coarse plotters
TIP_LEAN_MOST = 0.85  # tangent of the angle between a side and the axis; larger takes mitred corners for heads
TIP_TOUCH_PT = 0.5  # between the ends of a head's two sides; smaller loses rounded heads
NOTCH_LEAST_PT = 0.4  # from the tip of a head to the notch in its back
TIP_OPEN_LEAST_PT = 3.0  # side of a head whose sides miss each other; smaller ones are noise
TIP_MISS_PART = 0.33  # of its side by which the ends of an open head may miss each other
TIP_LEAN_LEAST = 0.06  # tangent of that angle; smaller takes two strokes of one line for a head
TIP_SIDES_ALIKE = 0.2  # part by which the two sides of an open head may differ in length
TIP_SAME_PT = 0.4  # heads nearer than this are one
TIP_SKEW = 0.35  # part by which both sides may lean differently
TIP_SKEW_MOST = 0.75  # the same where coarse plotting explains it
DOT_CORNERS = 8  # of a dot drawn without curves; fewer are squares and heads
DOT_LEAST_PT = 0.6  # width of a dot that ends a dimension line
DOT_MOST_PT = 5.0  # width of such a dot; larger takes vias for dots
DOT_ROUND = 0.15  # part by which its sides may differ
TICK_LEAST_PT = 2.0  # length of an oblique stroke that ends a dimension line
TICK_MOST_PT = 12.0  # length of such a stroke; longer ones are edges
TICK_SKEW = 0.25  # of its length by which it may be off 45 degrees
CROSSED_PT = 0.7  # beyond the place of a dot or tick that the lines under it reach
CROSSED_LEAST_PT = 3.0  # length of those lines

# Dimension lines and their numbers (drawing/spans.py, drawing/dimensions.py).
# Costs: letter heights from a number to its place, and added ones.
CURVED_HEAD_POINTS = 8  # corners of a filled head from which on its sides are bent
CURVED_HEAD_LONG = 1.3  # times its width: the least length of such a head; smaller takes dots
CURVED_HEAD_END = 0.2  # of its length at either end, where it is looked at how wide it is
CURVED_HEAD_SHARP = 0.5  # of its width that the sharp end may have
CURVED_HEAD_WIDE = 0.8  # of its width that the other end has at least
HALF_HEAD_WIDE = 0.5  # of its length that a head of one side is wide at the most; wider ones are marks of a corner
HALF_HEAD_OFF = 0.02  # of its length by which the legs of such a head may be off level and upright
HEAD_COVER_PT = 10.0  # of a dimension line that its heads may hide; smaller loses short dimensions
READING_FAR = 2.6  # cost above which a number is not of this span; larger ties notes to lines
SPAN_SKEW_PT = 1.0  # across, between the two tips of one line; larger joins tips of neighbours
LINE_GAP_PT = 6.0  # along, from a broken line to the number in its gap
LINED_PT = 0.8  # by which the box of a number may reach over the dimension line that it stands on
ONE_STROKE_PT = 0.7  # beyond the far tip, for a tail that is one stroke with its dimension line
BROKEN_ACROSS_PT = 2.5  # across, from a broken line to the middle of the number in its gap
READING_OWN = 0.75  # cost below which a number stands at its line; larger lets one line take its neighbour's number
LONG_HEAD_PT = 14.0  # the longest heads between a tip and the tail of its line; larger runs on into the next line
WIDE_GAP = 0.75  # of a span: the widest gap around its number; larger joins tips of two dimensions
GAP_MIDDLE = 0.15  # of a gap: how far its number may be off its middle
RAY_PT = 36.0  # from the end of a tail to a number in line with it; larger takes numbers of the next figure
RAY_COST = 1.0  # of such a number; smaller lets it win over one at the line
TIP_SHORT_PT = 1.8  # along: how far a head may end before the line it points at; larger takes the next line
TIP_ON_LINE_PT = 0.4  # how exactly a tip meets its line
TIP_ALIKE_PT = 1.0  # between what both ends of a span stop short; larger moves one end to a neighbour
TIP_SHORT_PART = 0.15  # of a span: shorter ones have their next line about as near as their own
PARTED_AT = 1.0  # heights from a line to a number that stands at it
PARTED_MIDDLE = 0.25  # of a part of a chain by which its number may stand off its middle
PARTED_ACROSS_PT = 2.0  # from a dimension line to where an extension line may begin; half of its least length
SPAN_SAME_PT = 0.7  # ends nearer than this are one
CHANCE_OWN = (
    0.3  # cost by which the number of a gap may stand farther off than those of its neighbours or than from its line
)
CHANCE_SCALE = 3.0  # times by which the scale of a gap's numbers is off that of its neighbours'; less drops true ones
HEAD_COVER_PART = 0.35  # of a dimension line that one head hides, at the most
TEXT_MARGIN_PT = 4.0  # white on each side of a number that interrupts its line
UNDRAWN_MOST = 0.2  # of a dimension line that may be missing; more is two heads of different lines
AT_TAIL_END = 0.25  # cost of a number at the end of a tail
ALONG_TAIL = 0.3  # cost of one along a tail
AT_ELBOW = 0.4  # cost of one where a tail turns off
AT_SECOND_ELBOW = 0.5  # cost of one where it turns off again
TAIL_ON_PT = 0.3  # by which the next piece of a tail must run on
TAIL_STEP_PT = 0.2  # a tail that grows by less ends there
TAIL_MOST_PT = 160.0  # length of a tail; longer ones are edges of the drawing
ELBOW_PT = 0.6  # from the end of a tail to a stroke that goes on from it
SMALL_LETTER_PT = 3.0  # height of letters that counts at the least for distances
MIDDLE_PART = 0.25  # of a span: off its middle by that counts like one letter height
OFF_MIDDLE = 0.12  # cost of each letter height off the middle of an inside span
OFF_MIDDLE_MOST = 4.0  # letter heights that count

# Scale (drawing/scale.py): ratios of points to millimetres, as a part of the ratio.
SCALE_AGREES = 0.03  # a span agrees with its number; larger hides a wrong number, smaller loses rounded ones
SCALE_LOOSE = 0.35  # beyond it a number is not of a span, even in a drawing that is not to scale
SCALE_WILD = 0.75  # the same for a number right on its line
READING_ON_LINE = 0.6  # cost of a number that is right on its line
SCALE_ASIDE = 0.65  # weight of a number at another span than its own; larger lets one number speak for its neighbours
SCALE_UNPAIRED = 6.0  # cost of a span without a number, above that of any reading
SCALE_AXES_ALIKE = 0.06  # between x and y: so near they vote for one scale
# logarithm of the ratio of both scales; no drawing is stretched more, beyond it one scale is wrong
SCALE_STRETCH_MOST = 0.4
SCALE_TIE = 0.1  # points of cost for a number off the scale by all of it, where places alone count: only breaks ties
SCALE_VOTE_NEAR = 1.6  # times the votes of a scale that is about that of the other axis
SCALE_VOTE_FAR = 0.6  # times those of another one
SCALE_NO_NUMBER = 6.0  # cost of a span that is given no number
SCALE_IMPOSSIBLE = 50.0  # cost of a number that was not read at a span, above all others together
SCALE_DISAGREES = 1.2  # cost of a number that is off the scale by more than SCALE_AGREES
SCALE_OFF = 6.0  # cost of a number off the scale by all of it

# Closed shapes (drawing/shapes.py).
SHAPE_LEAST_PT = 1.6  # side of a shape; smaller ones are dots and letters
SHAPE_MOST_PART = 0.6  # of the page's side; larger ones are frames
SHAPE_JOIN_CLOSE_PT = 0.05  # the same for strokes that others end beside
SHAPE_JOIN_PT = 0.2  # between the ends of strokes that close a shape; larger closes what is open
CURVE_LEAST = 0.05  # radians from one line of a curve to the next; less is a line that runs on straight
CURVE_MOST = 0.6  # radians; more is a corner, and another line that ends there
BAR_PT = 1.2  # thickness of an area that is one side of a shape, drawn filled
BAR_HALF_PT = 0.3  # by which the halves of one mitred bar may lie beside each other
BAR_MOST_PT = 3.0  # thickness of a side drawn filled where four of them meet in a rectangle
BAR_LONG = 5.0  # times its thickness: the least length of such a side; smaller takes letters for rectangles
BARS_MOST = 400  # of a page; more are hatching
BAR_POINTS = 7  # corners that such an area has at most
SAME_ROUND_PT = 0.8  # by which equal round shapes may differ
RECT_FULL = 0.985  # of its box a rectangle with four corners fills; what fills more has straight sides
RECT_FULL_ALONE = 0.999  # of its box a rectangle fills whose corners are not at points
PAD_FULL = 0.7  # of its box; shapes that fill less are letters and arrows
ROUNDED_FULLY = 0.46  # of the shorter side: radius of a corner from which on both corners make a round end
CIRCLE_RATIO = 1.04  # ratio of the sides of a circle; larger is an oval
D_RADIUS = 0.35  # of the shorter side: radius of the two round corners of a D
ROUNDED_FULL = 0.9  # of its box a rectangle with rounded corners fills
CUT_FULL = 0.8  # of its box a rectangle with one cut corner fills
CIRCLE_POINTS = 6  # points of a circle at the least
CIRCLE_COARSE = 1.1  # ratio of the sides of a small circle as a coarse plotter draws it
CIRCLE_SMALL_PT = 15.0  # side of a small circle
CIRCLE_FINE = 1.03  # ratio of the sides of a larger one
CIRCLE_OFF = 0.12  # of its radius by which its points may be off a circle
CIRCLE_OFF_PT = 0.3  # the same in points
CORNER_NEAR = 0.02  # of the shorter side, and added points, from a corner of the box: a point at it
BAR_ASPECT = 4.0  # times its thickness: the least length of a thin bar
BAR_LEAST_PT = 0.1  # thickness that a bar counts at the least
RING_LINES_MOST = 400  # lines of a closed shape that is put together of strokes
RING_LINES_CURVED = 8  # more lines make a shape curved
SAME_MIDDLE_PT = 0.5  # shapes whose middles are nearer, and
SAME_SIDE_PT = 0.7  # whose sides differ by less, are one drawn twice

# Circles painted piece by piece (drawing/painted_rings.py).
RING_PIECE_PT = 1.6  # side of a painted piece of a circle's line; larger ones are shapes of their own
RING_POINTS = 6  # corners of such a piece
RING_JOINT_PT = 1.0  # between the middles of two pieces that meet; larger joins a ring to its centre lines
RING_PIECES = 10  # pieces of a ring; fewer are letters and heads
HALF_POINTS = 4  # corners of a triangle, the first one told again
HALF_OFF = 0.04  # of half its box by which the area of a triangle over half a rectangle may be off
HALF_PART = 0.2  # of a drawn shape from which on a rectangle in it is a piece of its paint, and no pad in a body
HALF_WHOLE = 0.9  # of it from which on it is the shape itself
BRIDGE_OFF_PT = 0.02  # between the ends of one loop of a closed line painted as an area
BRIDGE_PEN_OFF_PT = 0.3  # between the widths of such a line on its four sides
BRIDGE_PEN_PART = 0.25  # of the shorter side: a thicker line is no line but an area with a hole
JOG_LEAST_PT = 1.0  # along and across: an oblique stroke by which an extension line gives way to another one
JOG_MOST_PT = 14.0
JOG_LINE_PT = 4.0  # of the line that it leads to
JOG_JOINT_PT = 0.5  # between its ends and the lines that it joins
SQUARE_TURN = 0.05  # radians by which a corner may differ from a right angle
ARC_POINTS = 12  # corners of the area that paints a quarter of a circle's line, at the least
ARC_SQUARE = 0.15  # by which the box of such an area may be no square
ARC_THIN = 0.45  # of its box that it covers at the most; a sector covers more
RING_ROUND = 0.16  # of its radius by which a ring may be off a circle

# Body from outline and table (body/).
LETTER_CLEAR = 0.4  # cost by which a letter must be nearer to its line than any other one, to be that of no other
LETTER_ALONE = 2.0  # the same where neither the letter nor the line has another choice
LETTER_AT_LINE = 1.5  # cost below which a letter names its dimension line; larger mixes up neighbouring letters
BODY_EDGE_PT = 1.4  # from the end of a dimension to the edge it measures
BODY_EDGE_RASTER_PT = 2.5  # the same in a scan
BODY_DRAWN_LEAST = 0.6  # of a side that must be drawn between two ends; smaller takes a box of leads for the body
TAKEN_COST = 5.0  # of a number that the land pattern uses: it is one of the body where nothing else is
NUMBER_ASTRAY = 0.5  # cost: a number so much nearer to another span measures that one
SIDE_VIEW_ALIKE = 0.03  # part by which a side of a view may differ from that of the body
SIDE_VIEW_DRAWN = 0.4  # of both faces that a dimension across it ends at; smaller takes leads for faces
SIDE_VIEW_OFF = 0.3  # part by which the number across a side view may be off the scale of the others
SIDE_VIEW_PT = 1.5  # from the end of a dimension to the side of a view
SIDE_VIEW_LID = 0.2  # of the height of a side view: its lid, which may be a shape of its own
SIDE_VIEW_REACH_PT = 60.0  # from a view to a dimension across it
NOTCHED_PT = 4.5  # how deep the notches of a module's edge may be
NOTCHED_LEAST = 0.85  # of a notched side that must be drawn
TOLD_ALIKE = 0.06  # part by which a side in words may differ from the drawn one and mean the same
STRETCH_COST = 2.0  # less of the size of a body for each unit of the logarithm by which its scales differ
OUTLINE_WHOLE = 0.95  # of the sides of a closed shape that must be drawn
OUTLINE_CUT = 0.85  # times the size of a closed shape whose corners are cut, or of one with notches
OUTLINE_OPEN = 0.6  # times the size of sides put together of strokes, which the tips of leads may form too
REFERENCE_PART = 0.4  # times the size of a side whose number is for reference; an outer one has its own
LABEL_OFF = 0.1  # part of the scale; an integer farther off is the number of a pin
VIEW_AT_SPAN = 2.2  # cost of a number of a dimension that a view or a side of the body is known by
END_PT = 0.9  # between the end of a dimension and what it measures, or the next one; larger accepts the neighbour
FACE_PART = 0.25  # of the height; a shorter edge is that of a lead
FACE_LEVEL = 0.5  # of the upper and the lower side of a view that must be drawn
FACE_SIDE = 0.14  # of its left and right side; the waist of a coil leaves little of them
FACE_WHOLE = 0.6  # of them where leads below tell the views; smaller takes a part of a view for one
VIEWS_LEAST = 0.95  # of the largest view that two views must have between them; smaller takes parts of views
FACE_FEET = 0.1  # of the height of a view; its lower side may stand so far over the ends of its feet
FACE_STRETCH = 1.2  # between the scales of two views; more, and a number is that of another line
FACE_LEAST_PT = 8.0  # side of a view; smaller boxes are leads and letters
LEAD_CORNER_PT = 1.0  # from the corner of a view; nearer strokes are extension lines
LEAD_LEAST_PT = 3.0  # length of a lead

# Which outline of a page is meant (body/regions.py).
FRAME_CAPTION_PT = 26.0  # from a frame to the middle of its caption; larger takes the caption of the next frame
FRAME_JOINT_PT = 2.0  # between the ends of lines that close a frame
FRAME_SPANS = 3  # dimensions of a figure that can be an outline
HEADING_ALONE_PT = 40.0  # above and below such a heading within which none stands left of it
HEADING_CENTRED = 0.05  # of the width of the page by which the middle of a heading over the whole page may be off
HEADING_LEADING = 3.0  # heights of letters between two lines of one heading
LEFT_SPANS = 2  # dimensions along each axis that an outline must keep when other figures are taken away

# Letters that stand for numbers (drawing/drawing.py).
LETTER_NAME_MOST = 8  # characters of a letter with its count; longer texts are words
LETTER_NAME_LEAST_PT = 5.0  # height of such a letter that counts at the least

# Tables of variants (drawing/variations.py).
VARIANT_COLUMN_PT = 8.0  # values of one letter nearer than this across are in one column

#  (body/body.py).
LETTERS_SMALLER = 0.55  # ratio of sides by letters at the edges to those by the usual letters: lids and moulds
LETTERS_LARGER = 1.001  # the same: leads
BODY_LEAST_MM = 0.2  # side of a body
BODY_MOST_MM = 150.0  # side of a body; larger numbers are those of reels and trays
BODY_FLAT = 1.05  # times the shorter side that the height may have
BODY_SIDE_MM = 0.35  # side D or E of a body; smaller ones are those of leads
BODY_OF_LEADS = 0.45  # of D or E that the side without leads must have; less is an exposed pad

#  (body/height.py).
FOR_COST = 0.75  # times the size for each unit of cost of a number: near ones are believed more
HEIGHT_OFF = 0.5  # of it for a number off the scale by all of it
HEIGHT_MOST = 2.5  # times the longer side of the body that the height may have
SAME_VIEW = 0.03  # part by which another full view of the body may differ
BESIDE_VIEW_PT = 110.0  # from the top view to a dimension across a side view
WITHIN_VIEW_PT = 90.0  # from a full view to a dimension of something in it

#  (body/outline.py).
BODY_LEAST_PT = 8.0  # side of a body as drawn
READINGS_MOST = 160  # numbers tried for each side of a body; more only cost time
SIDE_REACH = 1.2  # times the longer side of a body to a dimension of it
SIDE_REACH_PT = 60.0  # points added to that
STRETCH_LEAST = 0.72  # ratio of the scales of both sides of a body
STRETCH_MOST = 1.4  # the same; more, and a number is that of another line
STRETCH_WORST = 0.2  # least part of a body's size that its stretch leaves
SIDE_NAMED = 0.02  # of its size that a view named one from a side counts for as the view from the top
VIEW_NAME_PT = 60.0  # between a view and its name; its dimensions may stand between them
OVER_ANOTHER_PT = 4.0  # between the front view and the one over or under it
BESIDE_REACH_PT = 45.0  # from a closed shape to a number that may measure its side without a dimension line
BESIDE_MIDDLE = 0.25  # of that side by which the number may stand off its middle
BESIDE_FIT = 0.04  # part by which the side may be off the number on the scale of the others
BESIDE_LINED = 1.5  # cost from which on a number stands at no dimension line
BESIDE_COST = 1.0  # of such a reading
BESIDE_VOTES = 0.2  # of the other numbers that agree on the scale

# Signs drawn before numbers (drawing/drawn_signs.py), in heights of the number.
SIGN_HIGH = (0.5, 1.1)  # height of a circle that means a diameter; larger takes pads for signs
SIGN_SLACK_PT = 0.5  # by which a closed digit may reach out of the box of its number
SIGN_GAP = 0.5  # from it to the number
SIGN_LEVEL = 0.3  # between the middles of both
SIGN_ROUND = 0.15  # part by which the sides of the circle may differ

# Numbers tied to lines by place alone (drawing/by_place.py).
PLACED_LEAST = 4  # numbers that give four pads their sizes and steps, from which on places alone are believed
PLACED_NEAR = 0.1  # cost by which a number so placed may stand nearer to another line

# Sides that views share (body/shared_sides.py).
SHARED_ALIKE = 0.015  # part by which two sides may differ and be one of the body
SHARED_NEAR = 1.5  # cost of a number that may be taken from another view
SHARED_ALIGNED_COST = 0.5  # added to it for a view in line with the other one, or a square
SHARED_COST = 1.0  # the same for a view elsewhere on the page
SHARED_LEAST_PT = 8.0  # side of a view
SHARED_VIEWS_MOST = 60  # closed shapes of a page; smaller ones are pads
