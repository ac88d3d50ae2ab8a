"""What finds words, tables and the pages that matter.

Tuned on drawings of the generator and on `look`, the two thirds of `dev` that are looked at.
"""

from __future__ import annotations

# Text (page/text_layer.py, page/pages.py, text/). Heights are those of letters.
# of a page's characters that are control codes: its text is read from pixels; dashes in every cell come to less
GARBLED = 0.25
TITLE_GAP = 1.5  # heights between two words of a title; stroked letters stand wide
UNKNOWN_LEAST = 4  # letters of unknown meaning from which on they are read from pixels
BRACKET_NEAR = 1.6  # heights for the lost bracket and the spaces around it
BRACKET_IN_LINE = 0.7  # of both heights that must be shared
OBLIQUE_DEG = 15.0  # off the nearest quarter turn: letters more askew belong to watermarks, not to drawings
TAG_GAP = 2.0  # heights from a number to what belongs to it; fonts of one width set wide spaces
STRIP_PT = 8.0  # across: strips of a page in which the beginnings of a line are looked for
SIZES_APART = 2.4  # heights of two words of one line; capitals beside small letters are up to 1.7
SPACE_WIDTHS = 1.45  # widths of a letter between two words in a font of one width
# heights between the lines of one dimension; larger stacks two dimensions, smaller parts low letters in high cells
STACK_GAP = 0.95
DUAL_STACK_GAP = 1.4  # heights between two limits that have their inches beside them
LEAST_OVER_MOST = 1.6  # times the number over it: a larger one is no limit of one dimension but another one's
LETTERED_COLUMNS = 5  # letters in a row that begin a table without a head of its own
HEAD_ROWS = 6  # rows next to a header that are looked at
HEAD_SYMBOLS = 3  # of them that have a symbol where a table begins
LETTERS_LEAST = 3  # rows of a table that gives letters one value each; fewer are a note
LETTERS_ROW_GAP = 2.5  # heights between two rows of it
LETTERS_HEAD_GAP = 4.0  # heights from the head of its letters to the first, a second line of heads between them
LETTERS_OVER = 3.0  # heights above the head of its letters within which the unit stands
LETTERS_HEAD_WIDTHS = 0.75  # of their head, from its middle to that of a letter; larger takes the head of the values
LETTERS_ROW_HIGH = 2.0  # heights of the head of a row, from its middle to that of the letters in cells of two lines
LETTERS_VALUE_PT = 260.0  # from a letter to its value; larger takes those of the table beside it
ROW_GAP = 3.4  # row heights without a row end a table

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
# points, pixels: letters no higher than this get the fine pen; they run together under a thicker one
STROKED_SMALL_PT = 6.0
STROKED_FINE_PX = 2
STROKED_BOLD_PX = 4
O_WIDTH_LEAST = 0.35  # of its height: the width of an O without curves
STEM_SLACK = 0.15  # heights by which a lone stem may be off the top and foot of its line
WORD_REACH = 6.0  # heights: a word before or behind a line may be lost wholly

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
