"""What makes strokes, shapes and letters out of pixels.

Lengths in points hold at any resolution. Tuned on drawings of the generator scanned at 200 dpi, tilted by
at most 0.25 degrees, soft and noisy, and on the scans among `look`, the two thirds of `dev` that are looked at.
"""

from __future__ import annotations

# Arrow heads (page/scan/arrows.py).
WITNESS_PT = 2.5  # along, from the end of a stroke to one that it may meet in a head; across, 0.4 of it
SWELL_PT = 9.0  # along, within which a stroke must swell and thin again to end in a head
WEDGE_MIN_PT = 2.4  # length of a solid head; smaller takes thick corners for heads
WEDGE_MAX_PT = 14.0  # length of a solid head; larger takes pads for heads
TIP_STEM_PT = 8.5  # shorter strokes ending on a dimension line are stems of its own number
TIP_LINE_PT = 6.5  # shorter strokes are parts of letters, no dimension lines
WEDGE_GROWTH = 0.14  # of its mean width by which a head widens along its length; smaller takes dashes for heads
LEVEL_EXACT_PT = 0.01  # across, between the ends of a stroke found as level or upright
WITNESS_ASIDE = 0.4  # of WITNESS_PT: how far across a stroke may end from the one that it meets
CROSSING_PT = 1.7  # beyond a stroke on both sides that another one crosses it
SWELL_WINDOW_PT = 3.2  # above and below a stroke that its swelling is measured
SWELL_FROM_PT = 0.4  # from the tip, where the swelling begins
SWELL_LEAST_PX = 8  # columns of pixels that tell whether a stroke swells
SWELL_PEAK = 0.8  # of the length looked at within which the widest place lies
SWELL_MORE_PX = 1.6  # by which a head is wider than its stroke, at the least
SWELL_MORE = 0.6  # the same as a part of the stroke
SWELL_MOST_PT = 5.0  # width of a head
SWELL_AFTER_PT = 0.8  # behind the widest place, from where the stroke is thin again
SWELL_EVEN = 0.35  # of its width by which both sides of a head may differ
SWELL_THIN = 0.72  # of its width: the stroke before and behind a head is thinner
WEDGE_ASPECT = 1.25  # length by width of a solid head
TRIANGLE_GROWTH = 0.9  # like WEDGE_GROWTH, of a head as wide as it is long; smaller takes letters for heads
TRIANGLE_EVEN = 0.4  # the same across such a head, at the most: both its sides are alike
WEDGE_ENDS = 0.15  # of its length at each end that is left out: rounded
WEDGE_ASIDE_PX = 14  # rows above and below the axis of a head that are looked at
WEDGE_ON = 7.0  # widths of a stroke from the end of a head to its witness line
WEDGE_ON_PX = 8  # added to that
WITNESS_WIDE = 3.0  # widths of a stroke of ink across which are the witness line
WITNESS_MORE_PX = 4  # added to that
WEDGE_ON_LINE_PT = 1.2  # across, from a head to its stroke
WEDGE_REACH_PT = 14.0  # along, from a head to its stroke

# Dashed lines (page/scan/dashes.py).
DASH_GAP_PT = 5.0  # between two pieces of a dashed line
LETTER_LINE_PT = 12.0  # longer strokes are no part of a letter
DASH_PIECES = 4  # pieces of a dashed line
DASH_STROKES = 2  # of them that must be strokes; letters that happen to stand in a row have none
DASH_THIN = 0.6  # widths of a stroke; thinner ink is no dash
DASH_SLIM = 2.2  # widths of a stroke; thicker blobs are no dash
DASH_STROKE_PT = 5.0  # length of a piece that is a stroke
DASH_ASIDE_PT = 3.0  # above or below a short piece: other ink so near makes it part of a text
DASH_LEVEL_PX = 1.5  # across, between two pieces of a dashed line
DASH_LEVEL = 0.6  # the same in widths of a stroke
DASH_ASPECT = 0.8  # width by height of a piece of a dashed line; points are as wide as high

# Hatching (page/scan/hatching.py).
CELL_PT = 300.0  # side of a strip between two oblique strokes; hatched strips are shorter
SLANTED = 0.62  # of its box such a strip fills; the holes of letters fill more
HATCH_CELLS = 5  # strips of a hatched area
CELL_LEAST_PX = 5  # area of a strip, in square pixels
HATCH_FULL = 0.85  # of its box a hatched rectangle fills; a ring that a leader crosses fills less
HATCH_BETWEEN = 2.5  # widths of a stroke: cells farther apart have more than one stroke between them

# Patterns in which one shape was lost (page/scan/pattern_completion.py).
LIKE_LEAST = 4  # equal shapes that make a pattern; fewer are chance
LIKE_PT = 0.6  # by which equal shapes may differ
PLACE_PT = 0.7  # by which places in line may differ
BORDER_DRAWN = 0.86  # of its border that must be ink; smaller invents pads
SHAPE_EDGE_PT = 0.8  # between two edges that are drawn as one
ZERO_COVERS = 0.45  # of a ring's box that the zero fills for which it was taken
RING_AROUND_PT = 1.5  # around a ring: a letter within it is the ring or a piece of it

# Ink and strokes (page/scan/raster.py, page/scan/tilt.py).
LINE_LEAST_PT = 5.0  # length of a stroke; shorter ones are parts of letters
PICTURE_LEAST_PT2 = 900.0  # square points of an image on a page that may be a drawing; smaller ones are logos
PALE_SHARE = 0.62  # of a drawing's pixels that are paper; smaller takes photos for drawings
NEAR_TIP_PT = 4.0  # a wedge nearer to a known head is the same one; so near a stroke ends in a head
WIPE_PT = 5.0  # along a stroke from its tip: what is wiped of the head; smaller leaves halves that look like letters
HOLE_LARGE = 1.5  # times the height of letters: what reads as an O is a hole
READ_CLEARLY = 0.9  # confidence of a word that is wiped from the ink
SLIM_PART = 0.36  # width by height of a bare stroke; a one with its flag is wider
MEASURING_PT = 8.0  # shorter strokes that end in a head may be letters on a dimension line
ON_STROKE_PX = 2.5  # across, from a head to its stroke
GROUND_PT = 5.0  # wider dark areas are painted, not drawn
DARKER = 70  # grey levels by which ink is darker than the ground; smaller takes paper for ink
BLACK = 110  # grey level of ink on any ground
TILT_LONG_PT = 40.0  # shorter strokes belong to letters or say little
TILT_MOST_DEG = 3.0  # degrees; strokes more askew are oblique ones of the drawing
TILT_STROKES = 4  # strokes that must tell how a page is turned
TILT_LEAST_PX = 0.5  # turning a page of which no end moves that far only blurs it
TILT_SHRINK = 0.5  # of its size a page is looked at: only costs time
PICTURE_WIDE_PT = 40.0  # width of an image that may be a drawing
PICTURE_HIGH_PT = 25.0  # height of one
BACKGROUND_PART = 0.9  # of a page that an image covers which is its background
BACKGROUND_WORDS = 60  # words of the text layer of such a page
PALE = 215  # grey level of paper, and lighter
MIDDLE_DARK = 60  # grey levels between this
MIDDLE_LIGHT = 200  # and this one are those of photos
MIDDLE_MOST = 0.2  # of a drawing's pixels that may be so
CUT_LEAST_PX = 24  # side of an image; smaller ones show nothing
STROKE_MOST_PX = 14  # width of a stroke; wider ink is painted
STRAIGHT_LEAST_PX = 9  # length of a stroke in pictures of few pixels
ACROSS_MOST = 4.0  # usual widths of a stroke; wider ink is painted
WIPE_ASIDE_PT = 1.5  # across, on each side of a stroke, that is wiped of a head
MARK_MORE_PX = 3  # by which a stroke is drawn wider where it is marked
BLUR_PX = 5  # side of the square over which the ground is blurred

# Shapes between strokes (page/scan/regions.py).
REGION_LEAST_PT = 1.6  # side of a shape; smaller ones are holes of letters
STACK_LEAST = 3  # areas edge to edge and equally wide that are pads and the gaps between them
STACK_ALIKE_PT = 0.3  # by which a pad of a stack may differ from one that stands alone
HELD = 20.0  # times its area: what lies over a part is the whole shape, not a frame
CORNER_PT = 1.0  # by which a stroke must run on beside another one to meet it
RECT_PART = 0.965  # of its box: an area that fills more is a rectangle but for noise; smaller squares rounded pads
ROUND_PART = 0.07  # by which an area may miss a circle's part of its box
SQUARE_PART = 0.08  # by which the sides of a circle's box may differ
NOTCHED = 0.72  # of its box a body fills that is closed in by its border and the pads that lie on it
SMALL_PX = 32  # side below which a circle may miss by twice as much
PAINTED_GREY = 232  # grey level; what lies behind the strokes of a painted shape is darker
SOLID_LEAST_PX = 5  # width of an area of ink that is no stroke
SOLID_WIDTHS = 3.0  # the same in widths of a stroke
AREA_LEAST_PX = 30  # square pixels of a shape
SQUARE_PX = 2.5  # by which the sides of a circle's box may differ in pixels
CIRCLE_DRAWN = 48  # points that stand for a circle

# Letters (page/scan/text_detection.py, text_reading.py). Heights are those of letters.
LETTER_LEAST_PT = 2.2  # height of a letter; smaller reads noise
LETTER_USUAL_PT = 8.0  # height of the letters of numbers; larger ones are titles
LETTER_MOST_PT = 26.0  # height of a letter; larger reads shapes
DOT = 0.48  # heights: points and commas are smaller
FLAT = 0.25  # heights: dashes are lower
TALL = 0.7  # heights: digits are higher
INK_LEADER_PT = 11.0  # longer ink that fills little of its box is a leader or a ring
INK_LEADER_FILL = 0.2  # of its box that a letter fills
RING_HOLD = 0.6  # of its box that is paper inside: a ring; letters hold less
BOX_HOLD = 0.42  # the same for rectangles
BOXY = 0.95  # of its box that a rectangle's hull fills
ZERO_ASPECT = 1.2  # height by width: a thin zero holds as much as a ring, but is higher than wide
ZERO_LEVEL = 0.1  # of its height by which a zero may be higher or lower than the letter beside it
ZERO_MOST_PT = 12.0  # height of a zero
NOTE_ASPECT = 12.0  # length by height of a level line that is a note rather than a dimension
LINE_ASPECT_MOST = 28.0  # longer lines are notes: slow to read and without dimensions
READ_LEAST = 0.55  # confidence below which a reading is thrown away
RUNGS_LEAST = 3  # pairs of letters over each other that are upright words, not a turned one
COLUMN_LEAST = 5  # letters of one width over each other that are a turned line
COLUMN_EDGE = 0.12  # of that width by which their edges may differ
CELLS_LEAST = 3  # letters over each other in a table
CELL_REACH = 6.0  # heights to the next cell of their row
STRETCH = 1.7  # times its width a word is read again that was not clear
STRETCHED_MOST = 0.85  # confidence of such a reading at the most
SPECKS_MOST = 6000  # blobs of a page; more are hatching
POINT_LEAST_PT = 0.5  # side of a point or comma
POINT_AREA_PX = 3  # its square pixels
SLIM_WIDE = 0.36  # heights: width of letters such as 1 and I
SLIM_HIGH = 0.7  # heights that they have
AFTER_DASH = 0.85  # heights from a dash to the next letter
AFTER_SLIM = 0.9  # heights between two slim letters
AFTER_ONE_SLIM = 0.68  # heights to or from a slim letter or a point
AFTER_LETTER = 0.5  # heights between two other letters
LINE_OVERLAP = 0.25  # of the lower of two letters that must overlap in a line
LETTERS_APART_PT = 6.0  # from one letter to the next, at the most; larger joins numbers beside each other
COMPACT = 1.25  # width by height of a group that may be one letter of a turned line
COLUMN_CELLS = 0.7  # of letters over each other that must have a line beside them where they are a table's column
TURNED_ASPECT = 1.15  # height by width of a turned line
CELL_LEVEL = 0.2  # heights by which a cell may be off its row
LETTER_LEAST_PART = 0.5  # of the largest blob of a line; smaller ones are points and commas
INK_MOST = 160  # grey level; what is darker is ink

# Rows of equal pads (hypotheses/pixels.py).
EVEN_LEAST = 4  # pads of a row that are meant to be equal; fewer are chance
EVEN_PT = 0.8  # by which a side of one may be off those of the others; a line of a dimension may touch it
EVEN_PART = 0.07  # the same as a part of its size

#  (page/scan/text_reading.py).
CROP_PART = 0.18  # of the lower side of a line, and at least CROP_PX: the paper around it that is read with it
CROP_PX = 2.0  # pixels
SHORT_LINE_PT = 12.0  # length of a line that may be turned
AGAINST_TURNED = 0.25  # less confidence for a line read turned that does not look so
AGAINST_DOWNWARDS = 0.02  # less for one read downwards: few are
SPECK_PART = 0.008  # of the square of a letter's height: smaller ink is dirt
BARE_STROKE = 0.24  # width by height of a bare stroke that was read as a one
