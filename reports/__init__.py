"""What do people read? Tables, figures, the page."""
