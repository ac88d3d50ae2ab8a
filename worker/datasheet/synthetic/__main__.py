"""`python -m worker.datasheet.synthetic`: see `generate`."""

import sys

from worker.datasheet.synthetic.generate import main

if __name__ == "__main__":
    sys.exit(main())
