"""The transport bar: what plays, and where in it."""
