"""How the figures of a page are found, what patterns they may show, and which hypothesis is believed.

Tuned on `look`, the two thirds of `dev` that are looked at.
"""

from __future__ import annotations

# Figures of a page.
RULE_PART = 0.18  # of the page's side: shorter lines are no frame; smaller takes bodies for frames, larger joins halves
RULE_JOINT_PT = 1.5  # points: how exactly ruled lines end on each other; larger takes extension lines for rules
RULE_SPAN_PT = 1.2  # points: a dimension ending so near a line measures from it
FIGURE_GAP_PT = (
    9.0  # points: white gap between two figures; smaller parts pads from their dimensions, larger joins views
)
CAPTION_CHARS = 80  # letters of one line: longer ones are prose
SECTION_MARGIN_PT = 3.0  # between the beginnings of two headings of sections
SECTION_ALIKE = 0.5  # part by which their letters may differ in height; a remark on the line may be small
HEADED_WORDS = 5  # of a heading that names one package; longer ones are captions, which stand under a figure too
HEADED = 3.0  # for a figure under a heading with the asked package, against one under that of another
NAME_LEVEL_PT = 2.0  # between names of one line
REPEAT_OFF = 0.12  # part by which the pads of one part's pattern may differ from those of another's beside it
REPEAT_MOST = 64  # pads of such a pattern; more only cost time
REPEAT_OFF_PT = 2.0  # points by which they may stand elsewhere in it
REPEAT_HEAD_PT = 40.0  # points from one of several patterns to the name of its part over it
CAPTION_LEADING = 0.9  # heights of letters between two lines of one caption
CAPTION_REACH_PT = 200.0  # points from a figure to what names it; headings of pages stand far off

# Hypotheses about a figure.
MOST_HYPOTHESES = 24  # of one figure: more only cost time
MOST_PADS = 1500  # of one pattern: more is a texture
MIRROR_PT = 1.2  # points: how exactly shapes mirror onto each other; larger accepts chance
CAPTION_FADE_PT = 90.0  # points at which a caption counts half
MARGIN = 0.6  # score by which the best hypothesis must lead to be believed; smaller lets wrong ones be sure

SPAN_END_PT = 1.0  # points: how exactly a dimension ends at an edge or centre of what it measures
BY_HAND_PT = 2.0  # the same in a figure drawn by hand, where nothing ends exactly
BESIDE_PT = 70.0  # points from shapes to a dimension line that belongs to the extents of their figure
SPAN_REACH_PT = 190.0  # points from a dimension line to what it measures
OWN_NUMBERS = 3  # printed numbers of a figure from which on it takes no letters of a table
JOIN_REACH_PT = 30.0  # points from a dimension to two shapes that it joins; farther ones are of another view

SHEET_PART = 0.7  # of the page: what covers more is its border
RULE_REACH_PT = 90.0  # points from the end of a line to a dimension that measures from it
CAPTION_SPACE = 2.0  # heights of letters between two words of a caption; stroked letters stand wide
ROW_LEAST = 5  # pads of a row that must stand at one step
ROW_OFF = 0.15  # of a step: how far off one may be drawn; more is meant so
ROW_OFF_PT = 0.35  # points: less is rounding of the plotter
ROW_PLACE_PT = 1.2  # points across the row
SWATCH_PT = (4.0, 24.0)  # points: sides of a swatch of a legend
SWATCH_GAP_PT = 18.0  # points from a swatch to its text
AMID = 4  # shapes around a drawing that make it a part of theirs
LEAST_MIRRORED = 8  # pads of a set from which on a missing mirror image is one that was not found
CORE_LEAST = 4  # shapes that mirror onto each other from which on the others may be none of theirs
CORE_MOST = 400  # shapes among which they are looked for: more only cost time
MOST_ADDED = 2  # pads so added; more are a pattern of its own kind
LEAST_FIT = 0.5  # score of the numbers alone: below it a caption makes no land pattern of a figure
ONE_END_PT = 100.0  # points added to the distance of a dimension that has one end at a shape alone
# points of distance for a point between the middles of a shape and of a caption; less lets a caption beside it win
OFF_CENTRE = 0.5

# Scores that rank hypotheses (hypotheses/).
OF_RUN = 3.0  # for a pattern with the row of contacts that its family is made of
LATER_PAGE = 1.5  # less for each later page; smaller takes the pattern of the next package
CLEAR_SCORE = 4.0  # of a titled figure that leaves no doubt that it is the one
NUMBERS_OF_FOUR = 4  # numbers from which four pads in a rectangle follow: both sizes and both steps
OF_LEGEND = 2.0  # for pads of the colour that a legend calls copper
LEFT = 0.5  # cost of each of several equal shapes that stay unexplained; larger prefers patterns of everything
LEFT_SINGLE = 0.12  # cost of a single one
MOST_LEFT = 4.0  # of all of them together
SCATTERED = 3.0  # for a few shapes picked from many that it does not explain
REACHED = 1.0  # for a shape left out that a dimension runs to
ADDED = 0.4  # cost of a pad that no shape was found for
MARKED = 1.5  # cost of a lone disc among pads to which no number runs: it marks the first pin
MARKED_LEAST = 5  # pads with it, from which on a lone disc is such a mark
COUNTED = 1.5  # for as many pads as the package has pins
DOUBLED = 3.0  # cost of the patterns of two parts taken for one
BEYOND_WAYS = 4.0  # less for more pads than a part of a family has ways, pegs and holders beside them
MISCOUNTED = 1.0  # for another count
MIN_SCORE = 1.2  # a pattern below it is a drawing of something else; larger says "not read" of what could be read

# Shapes of one figure (segmentation/).
CANDIDATE_LEAST_PT = 3.5  # side of a pad as drawn; smaller shapes are tips and dots
HOLE_LEAST_PT = 1.5  # the same for a hole
CENTRE_LINE_PT = 0.4  # from the middle of a small hole to its centre lines; larger takes dots of arrows for holes
CELL_EDGE_PT = 0.5  # by which the sides of two cells of a table may be apart
FIELD_SIDE_PT = (
    0.8  # from a dimension line to the side of a shape that it is; larger takes pads that stand close to one
)
CELLS_LEAST = 3  # cells in a row that make a table; two shapes may touch in a drawing
CENTRE_BEYOND_PT = 0.5  # by which centre lines run on beyond a hole on each side
LEGIBLE = 0.75  # confidence of a word; below it strokes of the drawing were taken for letters
LINK_GAP = 2.0  # sizes of the smaller shape: closer shapes belong to one figure; larger joins views
LINK_FAR_PAD = 7.0  # the same for equal pads in line
LINK_FAR_HOLE = 14.0  # the same for equal holes in line
EXTENSION_END_PT = 0.9  # from an extension line's end to what it means
EXTENSION_REACH_PT = 250.0  # how long an extension line may be
LINK_ALIKE_AREA = 4.0  # times the area of the smaller one: what a pad of another kind may have
LAND_TITLED = (
    4.0  # of a page's land score (search/page_search.py), from which on a pattern that was not read is drawn there
)

# Sets of pads (hypotheses/enumerate.py).
IN_MIDDLE = 0.1  # of the extents, and a point, from their middle

#  (hypotheses/rank.py).
OF_WAVE = 2.5  # less for the pattern for wave soldering that was not asked for
UNEVEN_PAIR = 4.0  # score: two pads of two sizes
PAIR_ALIKE = 0.1  # of its side by which the size of one of two pads may differ from the other
UNSIZED_ONE = 2.0  # less for the one pad whose size is not printed where those of all others are
UNTIED = 0.6  # less for each of equal pads that no number tells anything of; less than LEFT takes in other views
OF_NO_CAPTION = 3.0  # less for a caption of another kind of figure

#  (hypotheses/regular.py).
ROW_ALIKE = 0.06  # part by which the pads of a row may differ
ROW_ALIKE_PT = 0.6  # the same in points

#  (segmentation/candidates.py).
LABELED_PART = 0.18  # of a shape that a word fills which is its label
ASPECT_MOST = 14.0  # sides of a pad; longer shapes are bars and frames
TABLE_MARGIN_PT = 3.0  # around a table whose cells are no pads
LETTER_LOOP_PT = 12.0  # height of the loop of a drawn letter
LETTER_LOOP_WORD = 1.6  # times the loop's area, and
LETTER_LOOP_LETTER_PT2 = 60  # square points for each letter: the largest box of the word that it is of
LETTERS_OF_WORD = 3  # letters from which on all that is drawn in a word is of it, if it is set as close as
LETTER_ROOM = 1.1  # squares of their height for each letter
LETTER_TALL = 1.2  # heights of the word that a letter may have
SURE_WORD = 0.95  # confidence of such a word
BOXED_PART = 0.35  # of its box that the height of a framed number fills
BOXED_REACH_PT = 40.0  # from the frame of a number to its dimension line
HOLDS_PT = 0.3  # by which one shape must lie in another
HOLDS_LARGER = 1.02  # times the area of the inner one
CENTRED_PT = 0.6  # between the middles of two shapes that have one

# Captions (segmentation/captions.py).
CAPTION_LETTERS = 0.4  # of a caption that must be letters
CAPTION_ALIKE = 0.3  # part by which the lines of one caption may differ in height
CAPTION_IN_LINE = 0.35  # of the wider line by which their middles may be apart

# Figures and their captions (segmentation/figure.py).
CAPTION_ASIDE = 1.3  # times the distance of a caption beside its figure: one over or under it is nearer
CAPTION_PARTED_PT = (
    60.0  # added to the distance of a figure beyond a ruled line; larger loses titles in bars over figures
)
CAPTION_OFF_CENTRE = 0.05  # points of distance for a point between their middles

# Ink of a page (segmentation/ink.py).
INK_POINTS = 7  # points along each side of a box at which it is looked which drawing it lies on

#  (segmentation/links.py).
LINK_LEVEL_PT = 0.8  # between the middles of equal shapes in line

# Patterns of several parts in one figure (hypotheses/beside.py).
BESIDE_READS = 2.0  # cost of a number that may be that of its dimension line; less overlooks one that joins two rows
BESIDE_ALIKE = 1.5  # times the usual area: pads of the parts beside each other
BESIDE_PADS = 3  # of each part; two pads in a row may be half a part
BESIDE_NUMBERS = 2  # along each axis, which a pattern of its own has: a size and a step
TABLE_CAPTION_LINES = 10.0  # heights of a caption from the first row of a table up to it, its head between them
