"""How PID 1 tells the workers that the container stops in a moment. Imports nothing: PID 1 stays small."""

from pathlib import Path

#: There from the order to stop until the end: new calls had better go elsewhere.
DRAINING = Path("/run/supervisor/draining")
