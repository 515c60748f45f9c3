"""Supervised fine-tuning on a dataset folder: what its training script runs, on any machine.

A copy of this package lies in every dataset, so that a machine that has nothing of this project can train: it imports
the standard library, itself, and what the extra ``train`` installs. ``command.main`` is its door.
"""
