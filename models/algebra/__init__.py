"""What are equations made of? Expressions, and drafts of named assignments."""
