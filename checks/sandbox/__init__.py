"""What keeps page containers apart from the host: calls of the engine that end, flags, system calls, and what was written."""
