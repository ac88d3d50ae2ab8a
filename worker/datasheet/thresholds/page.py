"""What finds words, tables and the pages that matter.

Tuned on drawings of the generator and on `look`, the two thirds of `dev` that are looked at.
"""

from __future__ import annotations

# Text (page/text_layer.py, page/pages.py, text/). Heights are those of letters.
# of a page's characters that are control codes: its text is read from pixels; dashes in every cell come to less
GARBLED = 0.25
TITLE_GAP = 1.5  # heights between two words of a title; stroked letters stand wide
BLANK_PT = 0.1  # height of what a letter draws, of a font that does not tell its meaning: a lower one is a space
UNKNOWN_LEAST = 4  # letters of unknown meaning from which on they are read from pixels
UNMAPPED_PART = (
    0.03  # of a page's letters that have no meaning, from which on its words are read from pixels for the search
)
GLYPH_WORDS = 5  # words that are read for each such letter; fewer leave its meaning to one misreading
GLYPH_WORDS_SEARCH = 2  # the same for the search, which needs titles alone
GLYPH_PAGES = 6  # pages that are rendered for the search; more take seconds of a long document
GLYPH_WORDS_MOST = 80  # of a page
GLYPH_AGREED = 0.6  # of what the words say of a letter that must be the same
GLYPH_MOST_SURE = 0.99  # confidence of a letter so found, which was read from pixels
MISREAD_PART = 0.2  # of a word's known letters that may be misread where the others are believed
TWICE_PART = 0.15  # of its height by which the second print of a word is off the first, to make it bold
BRACKET_NEAR = 1.6  # heights for the lost bracket and the spaces around it
BRACKET_IN_LINE = 0.7  # of both heights that must be shared
OBLIQUE_DEG = 15.0  # off the nearest quarter turn: letters more askew belong to watermarks, not to drawings
RAISED_SMALL = 0.85  # of the letter before it: the size of the digit of a footnote
RAISED_LEAST = 0.2  # of that letter's height by which its foot stands higher
ASKEW_ALIKE_DEG = 2.0  # by which letters of one oblique line may be turned differently
ASKEW_STEP = 1.6  # diagonals of the largest letter from one letter of it to the next, a space between them
ASKEW_MOST_PT = 16.0  # diagonal of its letters; those of watermarks are larger
TAG_GAP = 2.0  # heights from a number to what belongs to it; fonts of one width set wide spaces
STRIP_PT = 8.0  # across: strips of a page in which the beginnings of a line are looked for
SIZES_APART = 2.4  # heights of two words of one line; capitals beside small letters are up to 1.7
SPACE_WIDTHS = 1.45  # widths of a letter between two words in a font of one width
# heights between the lines of one dimension; larger stacks two dimensions, smaller parts low letters in high cells
STACK_GAP = 0.95
UNITS_STACK_GAP = 2.2  # heights between inches and millimetres that say the same
DUAL_STACK_GAP = 1.4  # heights between two limits that have their inches beside them
LEAST_OVER_MOST = 1.6  # times the number over it: a larger one is no limit of one dimension but another one's
LETTERED_COLUMNS = 5  # letters in a row that begin a table without a head of its own
HEAD_ROWS = 6  # rows next to a header that are looked at
HEAD_SYMBOLS = 3  # of them that have a symbol where a table begins
LETTER_OVER = 3.0  # heights from the letter of a column to the limit under it
LETTERS_LEAST = 3  # rows of a table that gives letters one value each; fewer are a note
LETTERS_ROW_GAP = 3.2  # heights between two letters of it, whose cells may hold two lines
LETTERS_HEAD_GAP = 4.0  # heights from the head of its letters to the first, a second line of heads between them
LETTERS_OVER = 3.0  # heights above the head of its letters within which the unit stands
LETTERS_HEAD_WIDTHS = 0.75  # of their head, from its middle to that of a letter; larger takes the head of the values
LETTERS_ROW_HIGH = 2.0  # heights of the head of a row, from its middle to that of the letters in cells of two lines
LETTERS_VALUE_PT = 260.0  # from a letter to its value; larger takes those of the table beside it
PARTS_LETTERS_LEAST = 2  # letters over a table with a row for each part
PARTS_HEAD_HIGH = 7.0  # heights from its letters to the first row, units and limits between them
PARTS_LONE_PT = 80.0  # most between the middles of two columns
PARTS_HEAD_LINES = 2.5  # heights by which its letters may be higher and lower
PARTS_ROW_GAP = 3.0  # heights from row to row
PARTS_COLUMN_HIGH = 2.0  # heights by which the values of the first letter may stand left of it
PARTS_STACKED_GAP = 0.8  # heights from a length to the same in inches below it
PARTS_CELL_GAP = 0.9  # heights between two words of a cell
PARTS_EXACT = 4.0  # how well a name of a table that is the one asked for fits
PARTS_WORD = 3.0  # the same of a name that has a word of it
PARTS_BEGUN = 2.0  # the same of a name that the other one begins with, and
PARTS_OF_LETTER = 0.01  # for each letter of it: the longest one is taken
PARTS_SIZE = 1.0  # the same of a name with the size of the chip alone
PARTS_NAME_LEAST = 3  # letters and digits of a name; shorter ones are units and letters
PARTS_NAME_LEVEL = 0.45  # heights by which a name may be off the middle of its rows
ROW_GAP = 3.4  # row heights without a row end a table
FORM_PATHS = 40  # paths that a form on a page counts as
JOINT_NARROW = 0.5  # heights between two narrow letters of one word
JOINT = 0.28  # heights between two letters of one word
JOINT_CELL = 0.08  # heights between their cells, in fonts that set narrow letters far apart
JOINT_BACK = 0.6  # heights by which a letter may begin before the end of the last one
JOINT_ASIDE = 0.05  # heights by which the letters of a word may stand apart across
GARBLED_LEAST = 3  # control codes that a page of few letters may have

# Text drawn as strokes (page/stroked_text.py).
STROKED_LETTER_PT = 22.0  # side of a sub-path that may be a letter; larger takes pads for letters
STROKED_LINE_PT = 6.5  # a lone upright or level stroke longer than this is a line of the drawing
STROKED_LEADER_PT = 11.0  # a lone oblique one longer than this is a leader
STROKED_RUNS_LEAST = 12  # sub-paths of letter size from which on a page has stroked text
STROKED_NUMBERS_LEAST = 6  # decimal numbers of the text layer, from which on only titles are read from strokes
STROKED_TITLE_ASPECT = 1.8  # length by height of a line that may be a title
STROKED_TITLE_PT = 4.0  # height of such a line
STROKED_ALIKE = 0.35  # of its height: by which other numbers of a figure may be lower or higher than one that was read
STROKED_FIGURE_PT = 150.0  # from one number of a figure to its others; farther ones belong to other figures
STROKED_PEN = 0.08  # of its size: the thinnest pen a letter is painted with; a thinner one makes large letters leaders
# points, pixels: letters no higher than this get the fine pen; they run together under a thicker one
STROKED_SMALL_PT = 6.0
STROKED_FINE_PX = 2
STROKED_BOLD_PX = 4
O_WIDTH_LEAST = 0.35  # of its height: the width of an O without curves
STEM_SLACK = 0.15  # heights by which a lone stem may be off the top and foot of its line
WORD_REACH = 6.0  # heights: a word before or behind a line may be lost wholly
STROKED_STRAIGHT_PT = 0.2  # across: a thinner sub-path is one upright or level stroke
STROKED_BOX_LINES = 5  # lines of a small rectangle at the most
STROKED_CLOSED_PT = 0.1  # between the ends of a closed sub-path
STROKED_DOT_PT = 1.0  # side of a closed path that is a decimal point, whatever its shape; larger takes tips of arrows
STROKED_FLAT_PT = 0.05  # how far off level the lines of a rectangle may be
STROKED_BAR_PT = 2.5  # thickness of a filled bar that may be part of a letter
STROKED_LONE_MOST = 4000  # lone strokes of a page; more are hatching
ONE_SURE = 0.9  # least confidence of a lone 1 drawn as a stroke; ticks give less
CROSSBAR_LEAN = 0.3  # cosine between crossbar and stem at the most
CROSSBAR_PT = 0.35  # from the middle of a crossbar to the end of its stem

# Which pages (search/). Scores add up; the page with the most is taken.
SPARSE_CHARS = 330  # characters below which a page may carry its text as a picture
MANY_PATHS = 180  # drawn paths from which on a page may be a drawing
LAND_AFTER = 3  # pages within which a land pattern follows its outline
OF_LAND_ALONE = 7.0  # less for the outline where a page names a land pattern and no outline
AWAY_MOST = 2.0  # most that other matters take from a page that names an outline
SHOWN = 3.0  # score from which on a page shows an outline
OF_TOLERANCE = 0.5  # for a number with a tolerance or limit, as outlines print them
TOLERANCED_MOST = 5  # of them that count
TOLERANCED_LEAST = 4  # of them that tell of an outline beside a land pattern
OF_ELECTRICAL = 0.4  # less for each unit or word of electrical characteristics
ELECTRICAL_MOST = 12  # of them that count
NAMED_WEIGHT = 3.5  # times how rarely the words of the package asked for are printed
OWN_PAGE = 6.0  # score of a page whose title says that it shows a land pattern
TITLED = 5.0  # score of words that name an outline drawing
ORDER_CODE_LEAST = 5  # letters and digits of an order code
ORDER_CHARS = 100  # letters behind an order code that tell of its package
ORDER_SERIES = 4  # letters of a code by which that of another row is known
ORDER_JOINED = 12  # letters behind a code in which another one is of the same row
ORDER_TITLE_CHARS = 160  # letters at the top of a page that name its drawing
CALLED_ALIKE = 2.0  # between the scores of two pages whose titles decide then which of them is meant
SAME_MATCH = 0.8  # of the best page's match with the asked words: what a page of the same package has at least
OTHER_PACKAGE = 6.0  # against a page that names packages, and not the asked one
CAPTIONED = 4.0  # for a picture with the name of a package
NAMED_SO = 2.0  # for a page that prints the name the asked one was taken for
CITED_CHARS = 60  # letters of a sentence around the words that name a figure elsewhere
TITLE_CHARS = 90  # letters of a line that may be a title; longer ones are prose
HEADING_LARGER = 1.5  # times the height of the numbers: letters of a heading
HEADING_BOLDER = 1.35  # times the height of a heading: the one over it
HEADING_LEFT_PT = 40.0  # by which a figure may begin left of its heading
HEADING_OUTDENT_PT = 4.0  # across, between the beginnings of stacked lines; beyond it one stands farther left
HEADING_WORDS = 9  # words of a heading; longer ones are prose

# Drawn paths (page/paths.py).
PEN_UNEVEN = 0.01  # of the scale: a larger difference between the axes draws pens unevenly
WHITE_LEAST = 250  # of 255: a lighter area hides what is below it
PEN_LEAST_PT = 0.01  # width that a pen counts at the least
SAME_POINT_PT = 0.05  # between the ends of a path that is closed

# Lines of text (text/phrases.py).
LINE_SHARED = 0.65  # of the lower of two words that must overlap in one line
NUMBERS_APART = 0.4  # heights between two numbers side by side; larger joins them
LINE_HEIGHT_LEAST_PT = 0.1  # height that a word counts at the least
SPACE_LEAST = 0.22  # heights between two words with a space between them
POINT_GAP = 0.6  # heights before a point that belongs to the number

# Numbers in words (text/quantities.py).
INCH_AGREES = 0.04  # part by which a length in inches may be off the one in millimetres
INCH_ROUNDED = 0.0005  # inches: half of the last digit
INCH_ROUNDED_MM = 0.005  # half of the last digit of the millimetres
RANGE_MOST = 4.0  # times the lower limit that the upper one of a dimension may be
RANGE_MORE_MM = 0.2  # added to that, for lengths near zero
NUMBER_CHARS_MOST = 40  # letters of a dimension; longer ones are sentences
NUMBER_MOST = 10_000  # a larger number is no dimension

# Numbers over each other (text/stacks.py).
STACK_HEIGHT_LEAST_PT = 0.1  # height that a number counts at the least
TOLERANCE_BEFORE = 0.3  # heights by which a tolerance may begin before the end of its number, or stand off its line
TOLERANCE_GAP = 0.6  # heights from a number to its tolerance
STACK_ALIGNED = 1.0  # heights by which begins, ends or middles of two limits may differ
STACK_ALIKE = 0.35  # of its height by which the number under it may differ
STACK_OVERLAP = 0.4  # heights by which two lines of one dimension may overlap
BESIDE_SHARED = 0.4  # of a number that its count or limit must stand beside or over

# Heads of tables (text/table_heads.py).
COLUMN_WIDE_PT = 80.0  # width of a column that has no other one beside it

# Tables of dimensions (text/tables.py, text/table_entry.py, text/column_tables.py).
ROW_OFF_LINE = 0.4  # heights by which the middles of words of one row may differ
SUBSCRIPT_LOWER = 0.12  # of a letter's height: how much lower its index stands
SUBSCRIPT_HIGH = 0.95  # of a letter's height, and half a point: how high its index is at the most
SUBSCRIPT_BEFORE = 0.2  # of a letter's height by which its index may reach under it
SUBSCRIPT_BEHIND = 0.35  # of a letter's height from it to its index
SYMBOL_REACH_PT = 420.0  # left of the values of a row, to its description
SYMBOL_LEVEL = 0.45  # of the height of a value: how far off its row a symbol may stand
ROWS_IN_LINE = 3  # rows from which on the letters of a table stand in one column
SYMBOLS_APART_PT = 40.0  # across, between the letters of a table; farther ones are of something beside it
SYMBOL_NEAR_PT = 140.0  # left of the values: a symbol nearer than this is that of the row
SPANS_COLUMNS = 0.55  # of half a column's width: a number farther off its middle is that of two columns
SPANS_MIDDLE = 0.3  # of half a column's width from the middle of all columns, for the same
TABLE_RIGHT_PT = 6.0  # right of the last column that its numbers may stand
ROW_PITCH = 2.2  # heights of the head between two rows of a table
ROW_HEIGHT_LEAST_PT = 5.0  # height of the head that counts at the least
CELL_LINES = 1.6  # heights within which the lines of one cell stand
LIMIT_HEADS_BELOW = 8.0  # heights below a row of letters within which the words for its limits stand
LIMIT_ROWS = 6  # rows that are looked at for them
TABLE_DEEP = 12.0  # heights of a table that sets its letters in a row
UNIT_DEEP = 4.0  # heights of its part in millimetres where no unit ends it
UNDER_LETTER = 3.0  # heights across from a letter to the values below it

# Headings (search/headings.py).
HEADING_OVERLAP = 0.3  # of a heading's height by which the one over it may reach into it

# Scores of pages (search/page_search.py, search/land_page.py).
PROMISING_CHARS = 6000  # letters of a page; longer ones are prose unless they speak of figures
RARE_LEAST = 0.3  # weight of a word that every page prints
OF_DISTRACTION = 8.0  # less for each other matter that a page speaks of
DRAWN_LEAST = 12  # paths of a page with a figure
OF_NO_FIGURE = 4.0  # less for a page without one
LONG_CHARS = 3500  # letters of a page from which on it counts less
LONG_CHARS_EACH = 800  # letters more that cost one point each
OF_DECIMAL = 0.1  # for each decimal number of an outline
OF_DECIMALS_MOST = 3.0  # of them together
OF_STENCIL = 4.0  # less for a page of stencils
SHOWS_LEAST = 3.0  # score of a page that shows an outline or a land pattern
DRAWN_MUCH = 100  # paths of a page that may be an outline without a word of one
OF_FOLLOWING = 3.0  # for an outline that its own land pattern follows
MATCH_ALIKE = 0.05  # of the match with the asked words: pages of rival packages
OF_UNTITLED = 4.0  # less for a page that speaks of a land pattern without a title, where another page has one
OF_SAME_PAGE = 3.0  # for a land pattern on the page of the outline
OF_NEXT_PAGE = 2.5  # for one on the pages after it, less OF_PAGE_BETWEEN for each
OF_PAGE_BETWEEN = 0.5  # of it
OF_EARLIER_PAGE = 1.5  # less for one before the outline
OF_FAR_PAGE = 0.3  # less for each page after those
FAR_PAGES_MOST = 8  # of them that count
OF_MATCH = 2.0  # for a land pattern, times the match with the asked words
OF_BETTER_MATCH = 6.0  # less for one whose page matches worse than the outline
OF_FOREIGN = 8.0  # less for one of another package
OTHER_LANDS_MOST = 4  # pages that are read after those chosen; more take seconds of a long document
OTHER_OUTLINES_MOST = 4  # pages without a word of an outline that are read for a body; more cost time
BETTER_BEFORE = 1.3  # times the match of the outline, and half a point, from which on the page before is taken
OUTLINE_VIEWS = 2  # of a part that a page names where it shows its outline
NOTE_SPACE = 2.0  # heights between the words of a note that gives a letter its limits
SERIES_LEAST = 5  # letters and digits of the name of a part; shorter ones are common
SERIES_ALIKE = 2  # of them that all names of one series begin with
