"""A series' glossary: what people decided on it, proposals, and exchange with other tools."""
