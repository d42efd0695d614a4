"""The window: widgets that draw the document, the workspace and the running engine, and hold no state of their own."""
