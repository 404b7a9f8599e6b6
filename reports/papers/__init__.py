"""A run for papers: figures, tables, literature and a paragraph on how it was done."""
