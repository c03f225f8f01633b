"""Texts that are hard for files that take text; the last is long."""

TEXTS = ["what a good film!", "", "BAD, bad films.", "Ünknown 😀 [MASK] 電影", "the film was very bad " * 30]
PAIRS = (["good film", "", "bad " * 40], ["not a bad film!", "film", "films " * 40])
