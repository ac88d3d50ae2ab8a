"""How well datasheets are read: folders of truths, scored."""
