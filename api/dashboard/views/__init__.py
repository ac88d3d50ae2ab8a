"""What pages show: values and words for the templates; no page is imported here."""
