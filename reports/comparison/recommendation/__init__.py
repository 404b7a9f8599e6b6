"""Which way to run a model fits a rate, an accuracy and a budget? Ranked, with the reasons for the others."""
