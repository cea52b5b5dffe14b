"""What snippets run on: containers, and VMs inside containers."""
