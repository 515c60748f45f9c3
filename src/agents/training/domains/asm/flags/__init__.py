"""What the flags are after a few instructions: sequences, their execution and the reasons."""
