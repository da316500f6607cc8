"""Translation by NLLB-200: line by line, in batches over as many episodes as travel together.

`languages` has the model's names of languages, `vocabulary` turns text into its tokens and back, `cutting` says where a
line may be cut. `decoding` is what a search is asked and answers; `batches` groups questions by their lengths;
`torch_model` and `ct2_model` search with the two forms in which the model comes. `terms` finds a glossary's renderings
their place in an answer; `translating` puts all of it together, and judges; `engine` are the adapters.
"""
