"""What should not be written here: national identity numbers, and what the law calls special about a person.

`screening.screen.screen(text)` says where a text holds such things, `screening.advice.advice(…)` what to tell the
sender. Nothing in this package keeps or logs a text.
"""
