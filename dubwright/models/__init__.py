"""Model artefacts: pinned in a registry, fetched once, verified before they are used."""
