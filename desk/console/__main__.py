"""`python -m desk.console` is `dubwright console`."""

from __future__ import annotations

import sys

from desk.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["console"]
    main()
