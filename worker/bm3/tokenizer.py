"""`python -m worker.bm3.tokenizer`: see `worker.bm3.data.tokenizer`."""

from worker.bm3.data.tokenizer import main

if __name__ == "__main__":
    main()
