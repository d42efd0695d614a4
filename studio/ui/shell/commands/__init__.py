"""Commands that belong to no panel; each module here has them as ``COMMANDS``."""
