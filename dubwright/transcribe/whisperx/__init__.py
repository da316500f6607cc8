"""The production recognizer: WhisperX, on a GPU where there is one.

`engine` is the adapter, `recognition` its voice detection and batched recognizer, `alignment` the times of words,
`diarization` who speaks. Every model is a folder of the model store; `offline` closes the ways to model hubs.
"""
