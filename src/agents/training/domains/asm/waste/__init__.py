"""Inefficient but correct code: true inefficiencies worked into a reference, each proved harmless and measured."""
