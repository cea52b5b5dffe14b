"""``python -m checks``: what ./guide runs."""

import signal
import sys

_handler = signal.getsignal(signal.SIGINT)
if _handler is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # While modules load, Ctrl-C ends the process without a traceback.

from checks.cli import main  # noqa: E402

if _handler is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
