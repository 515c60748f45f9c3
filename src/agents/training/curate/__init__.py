"""Which samples a dataset holds and in which split each one is.

Pure. Each module owns one question: ``splits``, ``neighbours`` across them, ``contamination``, and ``selection``.
"""
