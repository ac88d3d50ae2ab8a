"""How sure a value is: confidences from 0 to 1, and what a value must show to get them.

Tuned on `look`, the two thirds of `dev` that are looked at: as many confirmed values as possible with none of them wrong.
"""

from __future__ import annotations

# Confidences (result/confidence.py, result/compare.py, vlm/reader.py). Only their order and CLEAR decide; the rest informs.
CONFIRMED = 0.95  # a second source supports the value
CLEAR = 0.9  # below it a value is not sure and asks for a review; smaller calls unconfirmed values sure
UNCONFIRMED = 0.8  # printed once, and nothing speaks against it
CONTRADICTED = 0.6  # something in the document speaks against it
UNSUPPORTED = 0.2  # no printed number is behind it
ASSUMED = 0.6  # times the confidence, where the drawn scale fills what no number says
AGREED = 0.99  # the second reader says the same
DISAGREED = 0.5  # the second reader says otherwise
CLAIM_PRINTED = 0.6  # a model's claim whose number is printed on the page
CLAIM_ALONE = 0.3  # a model's claim that nothing on the page supports

# What confirms (result/confidence.py).
SIZE_ALIKE = 0.03  # part by which a drawn length may be off its number; larger confirms the number of a neighbour
SHOWN_PT = 0.7  # from a drawn edge to where the value puts it
SHOWN_RASTER_PT = 1.4  # the same in a scan
WITNESSES = 3  # different numbers that must agree on the scale; fewer agree by chance
BODY_DRAWN_PART = 0.9  # of each side of a body that must be drawn
# confidence of a word; below it the word was read from a picture, where a wrong last digit lies within what a
# scan's lines can show
TYPED = 0.99999
NO_BOX = 0.3  # difference of both scales, as a part; more than any drawing is stretched, so no box was found
READING_NEAR = 1.0  # cost of a reading that stands clearly at its span
SAME_VALUE_MM = 0.02  # by which two readers may differ and still say the same; smaller calls rounding a disagreement

# How the body lies on the land pattern (result/terminals.py).
SQUARE = 1.04  # ratio of sides; below it a body may lie either way
ROW_ROOM = 0.98  # of a row's extent that the side of the body must exceed
LIES_CLEARLY = 2.0  # times as far off: the body does not lie that way; smaller decides by chance

# How many pins labels tell (result/review.py).
LABELED_RUN = 0.75  # of a run of labels from 1 that must be seen; smaller takes other numbers for labels of pins
LABELED_CORNERS = 3  # labels of corners that must be seen

# How the result is put together (result/assemble.py).
ROW_OFF_MM = 0.05  # across, between pads of one row
TO_SCALE = 0.03  # part by which every number may be off the drawn scale in a figure that is to scale
PITCH_OFF_MM = 0.02  # between a printed distance and that of two neighbouring pads
