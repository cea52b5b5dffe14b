"""A command in a terminal of its own, and a person at it: ``python answering.py ANSWER LEAVE COMMAND...``.

The person gives ANSWER to each question that ends in "[y/N]", and leaves as soon as LEAVE is printed, if that is not empty.
The program stands alone: it also runs on the machines of pages.
"""

import os
import pty
import sys

PROGRAM = os.path.abspath(__file__)


def main(answer: str, leave: str, *command: str) -> int:
    """Run the command; its exit status, or 0 for a person who has left."""
    printed = b""

    def read(terminal: int) -> bytes:
        nonlocal printed
        data = os.read(terminal, 4096)
        printed += data
        if printed.rstrip().endswith(b"[y/N]"):
            printed = b""
            os.write(terminal, f"{answer}\n".encode())
        if leave and leave.encode() in printed:
            os.write(1, data)
            os._exit(0)
        return data

    return os.waitstatus_to_exitcode(pty.spawn(command, read))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
