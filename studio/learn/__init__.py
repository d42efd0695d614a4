"""Learning: what is shown and what is wanted, how far off it is, and the steps that bring it nearer. No Qt.

`Learner` takes a network and a lesson through one of the engines; see docs/learning.md.
"""
