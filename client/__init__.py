"""What a user installs on another machine: the Python SDK (`client.sdk.Client`) and the `bm3vl` command."""
