"""Readers for people: pure views of the status documents, and the screens that show them."""
