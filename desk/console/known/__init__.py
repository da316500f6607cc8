"""What a running console knows between two requests: kept in memory, and taken anew behind the pages that show it."""
