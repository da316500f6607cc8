"""Target text to a dubbed sound track."""
