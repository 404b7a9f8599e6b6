"""What do people read? Tables, figures, the page."""

from .comparison import Comparison, compare
from .run_folder import RunFolder

__all__ = ["Comparison", "RunFolder", "compare"]
