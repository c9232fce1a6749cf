"""The questions of the exam, one a file: `sit(sitting) -> Part`, with NAME, TITLE and the WORLDS that it asks about."""
