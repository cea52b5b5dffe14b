"""What runs inside a machine, sent there over the wire at its start: standard library, Python 3.10 as on Ubuntu 22.04."""
