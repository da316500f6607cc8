"""What the pages show, as models: read from the lake and from Prefect, without a word of HTML."""
