"""The works: which series and episodes there are, where their videos and subtitles lie."""
