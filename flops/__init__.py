"""How many operations does a time step cost? Counts by kind, conventions that weigh them, counters that check them."""

from .conventions import CONVENTIONS, Convention, get_convention
from .operations import Count, Operations, count, count_block, count_step

__all__ = ["CONVENTIONS", "Convention", "Count", "Operations", "count", "count_block", "count_step", "get_convention"]
