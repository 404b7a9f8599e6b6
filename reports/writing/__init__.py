"""How is a result written? Numbers, texts, JSON and files, safe with any name that a user chose."""
