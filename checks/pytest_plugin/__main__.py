"""``python -m checks.pytest_plugin``: pytest as ./guide starts it, which Ctrl-C ends without a traceback at every moment."""

import signal
import sys

# While pytest loads its plugins nothing runs that would have to be ended. The plugin makes the signal an exception again.
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # ./guide has blocked it (commands/display.py)

import pytest  # noqa: E402  the import is a part of that time

try:
    sys.exit(pytest.main())
except KeyboardInterrupt:
    print("pytest was interrupted by a signal", file=sys.stderr)
    sys.exit(130)
