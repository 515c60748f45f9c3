"""Datasets on their way to another machine, by rsync over OpenSSH."""
