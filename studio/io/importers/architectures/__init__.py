"""Architectures whose state dicts are recognised: one file each, found by scanning; see `base.Architecture`.

Others add theirs by the entry point group ``studio.architectures``, naming a module.
"""
