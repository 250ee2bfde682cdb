"""``python -m estimation`` is ``undercount``."""

import sys

from estimation.cli import main

sys.exit(main())
