"""What is the right answer? Solutions at machine precision, each computed twice, with a stated error."""
