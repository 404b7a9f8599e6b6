"""What are equations made of? Expressions, and drafts of assignments to them."""
