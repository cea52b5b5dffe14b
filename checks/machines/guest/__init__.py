"""What runs inside a machine: sent there at its start. Standard library only, Python 3.10 as on Ubuntu 22.04."""
