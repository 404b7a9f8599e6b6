"""What goes into a paper? A run as figures, tables, literature and a paragraph on the methods."""
