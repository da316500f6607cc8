"""What more than one stage must know of Mandarin: how alike syllables sound, which words are ordinary."""
