"""The treaty between client and emulator: pure functions, no input or output."""
