"""kdump-doctor: a program for the reader's machine (``kdump_doctor.py``), and what makes its table of messages."""
