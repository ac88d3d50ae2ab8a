"""The documents that go over the wire, as pure values: no SQL, no I/O, and nothing of the other rooms."""
