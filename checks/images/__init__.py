"""Building what a target needs, from packages: container images, emulator images, disks."""
