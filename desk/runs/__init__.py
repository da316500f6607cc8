"""What a desk asks of Prefect: which runs there are and how far they are, to start, hold and end them, to retry what failed.

`server` is the way to Prefect's API, in bounded time; `listing` has runs, their tasks and what they left behind, `progress`
how far one is, `orders` what can be started and what that would take, `steering` pauses, resumes and cancels, `causes` groups
failures that still stand. Everything is typed, and nothing here knows of pages.
"""
