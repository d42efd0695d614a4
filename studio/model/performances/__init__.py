"""Performances: what hands did, when, and what is made of it afterwards."""
