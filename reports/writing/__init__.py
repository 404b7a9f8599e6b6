"""How is a result written down? Numbers, texts, JSON and files, safe with any name that a user chose."""
