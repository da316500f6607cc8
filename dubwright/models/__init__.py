"""The model store: pinned artefacts (`registry`), where their bytes come from (`sources`), where they are kept (`store`)."""
