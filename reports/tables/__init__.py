"""What are the results of a study? One function per table, from a study to a DataFrame."""
