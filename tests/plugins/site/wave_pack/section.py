"""A section of presets: ``"mood": "calm"``."""

from studio.plugin import Section, SectionFile

MOOD = Section("mood", "")
SECTION = SectionFile(MOOD, str)
