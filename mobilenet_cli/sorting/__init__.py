"""Images put into folders by what is on them, so that nothing is overwritten, lost or beyond undoing.

`choice` says which folder a Result's image belongs in. `plan` gives the image and the files that go with it
(`companions`) names in that folder (`folders`). `deeds` carries out and reverses what was planned, one file at a
time, with the moves and copies of `transfer`. `journal` writes each deed down before it is done, `history` reads
that back. `sort` and `undo` are the two runs.
"""
