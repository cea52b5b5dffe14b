"""The reader's login shell on a machine, followed over reboots, kexecs and panics."""
