"""What a network and a bend of it are: numpy and pydantic only; no GL, no Qt, no torch."""
