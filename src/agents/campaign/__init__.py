"""The vocabulary shared by generators, agents and readers."""
