"""The two engines, by compute and by fragment shaders, what both share, and their steps of learning."""
