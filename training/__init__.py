"""Training of the matting network: never imported by the package, not in the wheel."""
