"""Fuzzing of the whole path, from the bytes of a file to every report; see :mod:`__main__`."""
