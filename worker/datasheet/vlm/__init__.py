"""The second reader: a vision-language model is shown the pages, and its claims are checked."""
