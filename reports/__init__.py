"""What do people read? Tables, figures, the page."""

from .comparison import Comparison, compare

__all__ = ["Comparison", "compare"]
