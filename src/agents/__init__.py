"""Unattended campaigns that turn a teacher into a training set."""

__version__ = "0.1.0"
