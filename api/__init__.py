"""What may be asked: the HTTP interface over what `db` keeps."""
