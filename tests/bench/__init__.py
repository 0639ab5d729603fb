"""Speed, measured as ratios against a limit taken in the same run: `make bench`."""
