"""How the embedded translator's adapter is made: `scenes` reads what it learns from, `adapter` trains and writes it."""
