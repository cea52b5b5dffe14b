"""What snippets run on: containers, and QEMU virtual machines inside containers. A machine knows no page."""
