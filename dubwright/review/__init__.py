"""What people do to the lines of an episode: correct them, move them, approve and lock them, remark on them.

`edits` is the chain of corrections of each line, `log` what was said of lines and episodes, `states` what both come to;
`lines` reads an episode with all of it, `decisions` is how people change it, two at once without loss. On these stand
`risk`, which lines to look at first, `replacing`, and `xliff`, the way to other tools and back.
"""
