"""Routines for the 65816 with a contract: drafted, written out, told in words and proved by running them.

Every domain about assembly is made of them.
"""
