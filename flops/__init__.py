"""What does a step cost? Operation counts, and conventions of what one operation is."""

from .conventions import CONVENTIONS, Convention, get_convention
from .operations import Count, Operations, count, count_block, count_step

__all__ = [
    "CONVENTIONS",
    "Convention",
    "Count",
    "Operations",
    "count",
    "count_block",
    "count_step",
    "get_convention",
]
