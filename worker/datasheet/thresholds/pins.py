"""What finds tables and figures of pins. Lengths are in points.

Tuned on half of the documents of `dev` that have a table of pins.
"""

from __future__ import annotations

# Ruled tables (pins/ruled.py).
RULE_LEAST = 4.0  # a shorter stroke is no rule of a table
RULE_SKEW = 0.3  # how far from level or upright a rule may be
RULE_SNAP = 1.8  # strokes nearer than this are one rule; thin rectangles have two edges
RULE_TOUCH = 3.6  # rules that come this near to each other meet; double rules are 3 apart
NARROWEST_PT = 6.0  # no column or row is narrower; some tables draw a box inside every cell
HEAD_PT = 45.0  # the highest head that alone parts the columns of its table
ROW_PT = 60.0  # the largest step between two level rules that no upright one ties together
BORDER_PT = 8.0  # a column outside the last upright rule is wider than this
MOST_RULES = 4000  # of a page; more are a picture
MOST_CELLS = 6000  # of a table

# Text of a cell or of a label (pins/cell_text.py).
IN_LINE = 0.35  # of the lower of two words that must overlap in a line; low letters stand deep
SPACE = 0.2  # heights between two words from which on a space is between them
LABEL_GAP = 0.9  # heights between two words of one label

# Tables of pins (pins/pin_table.py).
CAPTION_LEFT = 90.0  # left of a table within which its heading begins
HEAD_ROWS = 5  # most rows of a head
CAPTION_PT = 48.0  # above a table within which its caption stands
TWICE = 0.2  # of the pins of a page that the pages before may have listed too, by a misprint
NUMBERED = 0.7  # of the cells of a column that must be pin numbers or dashes
COLUMN_SHIFT_PT = 3.0  # by which the columns of a table may shift from page to page
CAPTION_RIGHT_PT = 6.0  # right of a table that its caption may reach

# Figures of pins (pins/pin_figure.py).
RUN_OFF = 2.5  # how far numbers of one side may stand out of line
CORNER = 6.0  # how far the numbers of two sides may stand over each other at a corner
CORNER_STEP = 0.6  # of the step between two pins: the same
FEW = 3  # pins of a side that may face one alone
NUMBER_GAP = 0.7  # heights before a number that ends a label
NAME_REACH = 40.0  # from a number to its name
SIDES_APART = 420.0  # between two sides of one figure
TITLE_REACH = 60.0  # above a figure within which its title stands
LEFT_OUT = 2.3  # of the smallest step: the largest where a pin is left out
PIN_LABEL_REACH_PT = 400.0  # from the number of a pin to words that are looked at
LABEL_MIDDLE = 0.8  # of a number's height by which the middle of its label may be off it

# Results (pins/reading.py). Confidences.
BOTH_SAY = 0.97  # a table and a figure say the same
OF_TABLE = 0.85
OF_FIGURE = 0.7
IN_DOUBT = 0.3  # sources that contradict each other, or columns that do
MOST_PAGES = 24  # that are looked at
STRONG = 2  # times that a page must speak of pins to be looked at before others
SEEN = 0.5  # the same for a page that shows packages from above
FIRST_PAGES = 6  # of a document that show them with their pins
CONTENTS_LEAST = 6  # dotted lines of a list of contents
OF_HEAD = 3.0  # weight of the head of a column against the caption of its table
OF_COUNT = 4.0  # for a column or figure of as many pins as the package has; less for another count

# Figures of balls (pins/ball_figure.py).
BALL_LEAST = 3  # rows and columns
BALL_CELL = 0.48  # of the pitch, from the middle of a ball to the names of the next ones
BALL_ROWS_MOST = 60  # columns of a grid of balls
TITLE_ASIDE_PT = 20.0  # left and right of a figure that its title may reach
