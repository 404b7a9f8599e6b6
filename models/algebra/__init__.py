"""What are equations made of? Expressions, and programs of assignments to them."""
