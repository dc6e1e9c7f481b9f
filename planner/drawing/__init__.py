"""Plans and runs as pictures: pure layout, from values to SVG. The process around turns it into PNG where that is wanted."""
