"""What turns strokes into dimensions, scale and shapes, and a body out of them.

Tuned on drawings of the generator (vector and scanned at 200 dpi) and on `look`, the two thirds of `dev` that are looked at.
"""

from __future__ import annotations

# Level strokes (geometry/grid.py).
# of its length a level stroke may be off; smaller loses drawings made by hand, larger levels oblique ones
LEVEL_SKEW = 0.008
# across a line: what lies nearer is on it; smaller loses tips off their line, larger takes the next line's
ON_LINE_PT = 0.6

# Arrow heads (drawing/arrowheads.py).
TIP_MIN_PT = 1.2  # side of a head; smaller takes curve steps for heads
TIP_MAX_PT = 20.0  # side of a head; larger takes corners of bevels for heads
TIP_ROUNDING_PT = 1.3  # by which both sides of a small head may differ; smaller loses the heads of coarse plotters
TIP_LEAN_MOST = 0.85  # tangent of the angle between a side and the axis; larger takes mitred corners for heads
TIP_TOUCH_PT = 0.5  # between the ends of a head's two sides; smaller loses rounded heads
NOTCH_LEAST_PT = 0.4  # from the tip of a head to the notch in its back
TIP_OPEN_LEAST_PT = 3.0  # side of a head whose sides miss each other; smaller ones are noise
TIP_MISS_PART = 0.33  # of its side by which the ends of an open head may miss each other

# Dimension lines and their numbers (drawing/dimensions.py). Costs: letter heights from a number to its place, and added ones.
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

# Closed shapes (drawing/shapes.py).
SHAPE_LEAST_PT = 1.6  # side of a shape; smaller ones are dots and letters
SHAPE_MOST_PART = 0.6  # of the page's side; larger ones are frames
SHAPE_JOIN_PT = 0.3  # between the ends of strokes that close a shape; larger closes what is open
CURVE_LEAST = 0.05  # radians from one line of a curve to the next; less is a line that runs on straight
CURVE_MOST = 0.6  # radians; more is a corner, and another line that ends there
BAR_PT = 1.2  # thickness of an area that is one side of a shape, drawn filled
BAR_MOST_PT = 3.0  # thickness of a side drawn filled where four of them meet in a rectangle
BAR_LONG = 5.0  # times its thickness: the least length of such a side; smaller takes letters for rectangles
BARS_MOST = 400  # of a page; more are hatching
BAR_POINTS = 7  # corners that such an area has at most

# Circles painted piece by piece (drawing/painted_rings.py).
RING_PIECE_PT = 1.6  # side of a painted piece of a circle's line; larger ones are shapes of their own
RING_POINTS = 6  # corners of such a piece
RING_JOINT_PT = 1.0  # between the middles of two pieces that meet; larger joins a ring to its centre lines
RING_PIECES = 10  # pieces of a ring; fewer are letters and heads
RING_ROUND = 0.16  # of its radius by which a ring may be off a circle

# Body from outline and table (body/).
LETTER_AT_LINE = 1.5  # cost below which a letter names its dimension line; larger mixes up neighbouring letters
BODY_EDGE_PT = 1.4  # from the end of a dimension to the edge it measures
BODY_EDGE_RASTER_PT = 2.5  # the same in a scan
BODY_DRAWN_LEAST = 0.6  # of a side that must be drawn between two ends; smaller takes a box of leads for the body
NUMBER_ASTRAY = 0.5  # cost: a number so much nearer to another span measures that one
SIDE_VIEW_ALIKE = 0.03  # part by which a side of a view may differ from that of the body
SIDE_VIEW_DRAWN = 0.4  # of both faces that a dimension across it ends at; smaller takes leads for faces
SIDE_VIEW_OFF = 0.3  # part by which the number across a side view may be off the scale of the others
SIDE_VIEW_PT = 1.5  # from the end of a dimension to the side of a view
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
VIEW_AT_SPAN = 2.2  # cost of a number of a dimension that a view is known by
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
HEADING_LEADING = 3.0  # heights of letters between two lines of one heading
LEFT_SPANS = 2  # dimensions along each axis that an outline must keep when other figures are taken away
