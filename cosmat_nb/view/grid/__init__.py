"""The worst rows of a frame on one sheet."""
