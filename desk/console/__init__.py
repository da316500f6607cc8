"""The operator's console: what a localization desk sees and corrects in a browser.

It reads the lake and Prefect's API; corrections, reviews and series facts go into the lake. Every page (`routes`) shows a model
(`views`) in a template and has a twin that is the same model as JSON, below /api. The only state of its own is who may log
in (`access`).
"""
