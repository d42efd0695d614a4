"""What turns numbers besides a hand in the window: routes, macros, OSC, MIDI, sound, performances; no Qt."""
