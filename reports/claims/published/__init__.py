"""What was claimed? One published claim per file; importing one here registers it."""

from ....models.ground.registry import import_all

import_all(__name__, __path__)
