"""Translation by a large language model behind an OpenAI-compatible endpoint: a scene at a time, every answer verified.

The model is asked for a JSON object with one text for each line's number (`scene`), over HTTP (`endpoint`); what does
not come back, or not as a translation, is asked for again line by line, and then recorded as failed (`engine`). What is
said to it stands in `instructions.md`, whose content is part of the engine's revision. An answer is data: it is parsed,
checked and stored, and changes nothing else.
"""
