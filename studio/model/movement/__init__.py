"""What moves numbers: their addresses, sources, curves, routes, macros, controllers, tempo."""
