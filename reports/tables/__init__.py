"""What did a study give? One function per table, from a study to a DataFrame."""
