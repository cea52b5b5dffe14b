"""``python -m checks``: what ./guide runs."""

import sys

from checks.cli import main

sys.exit(main(sys.argv[1:]))
