"""Datasets and the world: a run's samples as they are read, and the files that are made of them.

Each module owns one edge: ``snapshot`` the ledger, ``references`` the texts that must not be repeated, ``lengths`` the
tokenizer, ``curating`` the passes over the samples, ``folder`` and ``parquet`` the files, and ``hub`` the upload.
"""
